// What the integration remembers: one JSON file, replaced as a whole, so that a crash leaves either the old one or the new one.

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export class State {
  /** cursors: system -> where to read on; links: "order ORD-1" -> number or id elsewhere; parked: events that a person must look at. */
  #data = { cursors: {}, links: {}, parked: [] };

  constructor(folder) {
    mkdirSync(folder, { recursive: true });
    this.file = join(folder, "state.json");
    if (existsSync(this.file)) this.#data = JSON.parse(readFileSync(this.file, "utf8"));
  }

  cursor = (system) => this.#data.cursors[system];
  link = (key) => this.#data.links[key];
  /** Known as soon as it is set, on disk with the next save: what is lost with a crash is found again in the systems. */
  setLink(key, value) {
    this.#data.links[key] = value;
    return value;
  }

  park(event, reason) {
    this.#data.parked.push({ id: event.id, type: event.type, subject: event.subject, reason });
  }

  /** All events of a page are dealt with: the cursor goes on, and everything is written. */
  save(system, cursor) {
    this.#data.cursors[system] = cursor;
    writeFileSync(`${this.file}.new`, JSON.stringify(this.#data, null, 1), { flush: true }); // on the disk before it takes the place
    renameSync(`${this.file}.new`, this.file);
  }
}
