// One system over HTTP: token, retries, Retry-After. It knows no business.
const PATIENCE = { first: 200, longest: 5000, answer: 15_000 }; // milliseconds: pauses between attempts, and one answer

/** A 4xx that trying again does not mend: a person must look. `name` is the last part of the problem's type, `status` the HTTP status. */
export class Refused extends Error {
  constructor(what, status, problem) {
    const faults = (problem.errors ?? []).map((one) => `${one.pointer ?? one.name ?? ""}: ${one.detail}`);
    super(`${what} answered ${status}: ${[problem.detail ?? problem.title, ...faults].join(" ")} (${problem.request_id})`);
    Object.assign(this, { status, name: String(problem.type ?? "").split(":").pop() });
  }
}

export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

export class System {
  #token = null;
  #closedUntil = 0; // while a system asked for a rest, nothing is sent to it

  constructor(name, baseUrl, clientId, clientSecret) {
    Object.assign(this, { name, baseUrl });
    this.credentials = { grant_type: "client_credentials", client_id: clientId, client_secret: clientSecret };
  }

  /** The JSON body of a GET; `query` members that are undefined are left out. */
  async get(path, query = {}) {
    return (await this.send("GET", path, { query })).body;
  }

  /** Create a document, or act on one. The same `key` again is the same request: it never makes a second document. */
  async post(path, key, body) {
    return (await this.send("POST", path, { body, headers: { "Idempotency-Key": key } })).body;
  }

  /** Read, change, write with the ETag that was read; again when somebody was faster. `change` gives null when nothing is to be done. */
  async patch(path, change) {
    for (;;) {
      const { body, etag } = await this.send("GET", path);
      const members = change(body);
      if (members === null) return body;
      try {
        return (await this.send("PATCH", path, { body: members, headers: { "If-Match": etag } })).body;
      } catch (error) {
        if (error.status !== 412) throw error;
      }
    }
  }

  /** Send until there is an answer: outages end, and a repeated request carries the same key. Refused for a 4xx. */
  async send(method, path, { query = {}, body, headers = {} } = {}) {
    const given = Object.entries(query).filter(([, value]) => value !== undefined);
    const what = `${this.name} ${method} ${path}`;
    const url = `${this.baseUrl}${path}${given.length ? `?${new URLSearchParams(given)}` : ""}`;
    const [content, type] = body === undefined ? [{}, {}] : [{ body: JSON.stringify(body) }, { "Content-Type": "application/json" }];
    for (let attempt = 0, renewed = false; ; attempt++) {
      await this.#rest(attempt);
      const token = await this.#bearer();
      if (token === null) continue; // not there for a moment
      const answer = await this.#fetch(url, { method, headers: { ...headers, ...type, Authorization: `Bearer ${token}` }, ...content });
      if (answer === null) continue; // with the same key it cannot be done twice
      if (answer.ok) return { body: answer.json, etag: answer.headers.get("etag") ?? "" };
      if (answer.status === 401 && !renewed) {
        renewed = true; // expired on the simulated clock: one new token, then it is a refusal
        if (this.#token === token) this.#token = null;
        attempt = -1;
      } else if (answer.status < 500 && answer.status !== 429 && !String(answer.json?.type).endsWith("request-in-progress")) {
        throw new Refused(what, answer.status, answer.json ?? {});
      }
    }
  }

  async #rest(attempt) {
    const back = attempt > 0 ? Math.min(PATIENCE.first * 2 ** (attempt - 1), PATIENCE.longest) * (0.5 + Math.random() / 2) : 0;
    const wait = Math.max(back, this.#closedUntil - Date.now());
    if (wait > 0) await pause(wait);
  }

  async #bearer() {
    if (this.#token === null) {
      const answer = await this.#fetch(`${this.baseUrl}/oauth/token`, { method: "POST", body: new URLSearchParams(this.credentials) });
      if (answer === null || answer.status === 429 || answer.status >= 500) return null;
      if (!answer.ok) throw new Refused(`${this.name} POST /oauth/token`, answer.status, answer.json ?? {});
      this.#token = answer.json.access_token;
    }
    return this.#token;
  }

  /** The answer with its body read, or null when there is none, or only a part of it. */
  async #fetch(url, options) {
    try {
      const answer = await fetch(url, { ...options, signal: AbortSignal.timeout(PATIENCE.answer) });
      const text = await answer.text(); // the connection may be cut here, too
      const after = answer.headers.get("retry-after") ?? ""; // seconds or a date
      const until = /^\d+$/.test(after) ? Date.now() + Number(after) * 1000 : Date.parse(after);
      if (until > this.#closedUntil) this.#closedUntil = until;
      const json = /json/.test(answer.headers.get("content-type") ?? "") ? JSON.parse(text) : null;
      return { ok: answer.ok, status: answer.status, headers: answer.headers, json };
    } catch {
      return null;
    }
  }
}
