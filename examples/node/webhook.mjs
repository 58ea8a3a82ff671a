// The receiver of webhooks. A webhook is only a bell here: what happened is read from the feed, which neither loses nor doubles anything.
// So an event that is pushed twice, late or not at all changes nothing.

import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const [TOLERANCE, LARGEST] = [300, 5_000_000]; // seconds; bytes

/** Whether a body was signed with this secret in the last five minutes (Standard Webhooks). `headers` in lower case. */
export function isSigned(body, headers, secret, now = Date.now() / 1000) {
  const stamp = headers["webhook-timestamp"] ?? "";
  if (!/^\d+$/.test(stamp) || Math.abs(now - Number(stamp)) > TOLERANCE) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const wanted = createHmac("sha256", key).update(`${headers["webhook-id"]}.${stamp}.`).update(body).digest();
  return String(headers["webhook-signature"] ?? "").split(" ").some((given) => {
    const signature = Buffer.from(given.startsWith("v1,") ? given.slice(3) : "", "base64");
    return signature.length === wanted.length && timingSafeEqual(signature, wanted);
  });
}

/** Listen on 127.0.0.1; `ring(system)` when a signed event of crm, scm or finance came. */
export function listen(port, secret, ring) {
  createServer((request, response) => {
    const parts = [];
    let size = 0;
    request.on("data", (part) => ((size += part.length) > LARGEST ? request.destroy() : parts.push(part)));
    request.on("end", () => {
      const body = Buffer.concat(parts);
      if (request.method !== "POST" || request.url !== "/webhooks") return response.writeHead(404).end();
      if (!isSigned(body, request.headers, secret)) return response.writeHead(401).end();
      const type = body.toString().match(/"type"\s*:\s*"(crm|scm|finance)\./);
      response.writeHead(204).end();
      if (type) ring(type[1]);
    });
  }).listen(port, "127.0.0.1");
}
