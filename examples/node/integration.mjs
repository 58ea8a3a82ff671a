// A small integration in Node without any package: CRM, SCM and finance as docs/integration.md says. README.md says how to run it.

import { System, pause } from "./client.mjs";
import { Flows } from "./flows.mjs";
import { State } from "./state.mjs";
import { listen } from "./webhook.mjs";

const env = process.env;
const needed = ["SHAPAN_CRM_URL", "SHAPAN_SCM_URL", "SHAPAN_FINANCE_URL", "SHAPAN_CLIENT_ID", "SHAPAN_CLIENT_SECRET", "SHAPAN_STATE_DIR"];
const missing = needed.filter((name) => !env[name]);
if (missing.length > 0) {
  console.error(`Set ${missing.join(", ")}, as docs/integration.md says. 请设置环境变量 ${missing.join("、")}。`);
  process.exit(2);
}

const POLL = 1000; // milliseconds; a webhook that rings makes it sooner
const state = new State(env.SHAPAN_STATE_DIR);
const systems = Object.fromEntries(["crm", "scm", "finance"].map((name) =>
  [name, new System(name, env[`SHAPAN_${name.toUpperCase()}_URL`], env.SHAPAN_CLIENT_ID, env.SHAPAN_CLIENT_SECRET)]));
const handlers = new Flows(systems.crm, systems.scm, systems.finance, state).handlers;
const bells = {}; // a bell that rings while its feed is being read counts for the next look
const heard = new Set();
const ring = (system) => (heard.add(system), bells[system]?.());
const asleep = (system) => heard.delete(system) || Promise.race([pause(POLL), new Promise((wake) => (bells[system] = wake))]);

/** Deal with one event; what cannot be done is kept for a person, and does not hold up what comes after it. */
async function handle(event) {
  try {
    await handlers[event.type][1](event);
  } catch (error) {
    console.error(`${event.type} ${event.subject} is left to a person 转人工处理: ${error.message}`);
    state.park(event, error.message);
  }
}

/** The events of a page: those of one document one after the other, different documents side by side. */
async function handleAll(events) {
  const documents = new Map();
  for (const event of events.filter((one) => one.type in handlers)) {
    const document = handlers[event.type][0](event);
    documents.set(document, (documents.get(document) ?? Promise.resolve()).then(() => handle(event)));
  }
  await Promise.all(documents.values());
}

/** Read the feed of one system for ever. The cursor goes on only when a page is dealt with, so a crash repeats it. */
async function follow(name) {
  for (;;) {
    heard.delete(name);
    const page = await systems[name].get("/events", { after: state.cursor(name), limit: 100 });
    await handleAll(page.events);
    if (page.events.length > 0) state.save(name, page.next);
    if (!page.has_more) await asleep(name);
  }
}

if (env.SHAPAN_WEBHOOK_PORT && env.SHAPAN_WEBHOOK_SECRET) listen(Number(env.SHAPAN_WEBHOOK_PORT), env.SHAPAN_WEBHOOK_SECRET, ring);
process.on("SIGTERM", () => process.exit(0)); // what is in hand is done again at the next start
await Promise.all(Object.keys(systems).map(follow));
