// What chrono-node finds: lines {"id", "input", "lang", "now"} → lines {"id", "found": [[from, to, start, end, instant]]}.
import * as chrono from "chrono-node";
import { createInterface } from "node:readline";

const day = (part) => {
  const pad = (number, width) => String(number).padStart(width, "0");
  return part && `${pad(part.get("year"), 4)}-${pad(part.get("month"), 2)}-${pad(part.get("day"), 2)}`;
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, input, lang, now } = JSON.parse(line);
  const locale = lang === "en" ? chrono : chrono[lang];
  const found = locale
    ? locale.parse(input, new Date(now)).map((r) => [
        [...input.slice(0, r.index)].length,
        [...input.slice(0, r.index + r.text.length)].length,
        day(r.start),
        day(r.end) ?? null,
        r.date().toISOString(),
      ])
    : [];
  console.log(JSON.stringify({ id, found }));
}
