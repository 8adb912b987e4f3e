// How many test cases have which status, as Cucumber's own query has it, which its formatters ask: a line of JSON a file.
import { createReadStream } from "fs";
import { basename } from "path";
import { createInterface } from "readline";
import { Query } from "@cucumber/query";
const found = {};
for (const file of process.argv.slice(2)) {
  const query = new Query();
  for await (const line of createInterface({ input: createReadStream(file) })) if (line) query.update(JSON.parse(line));
  const counted = Object.entries(query.countMostSevereTestStepResultStatus()).filter(([, count]) => count);
  found[basename(file, ".ndjson")] = Object.fromEntries(counted);
}
const lines = Object.entries(found).map(([name, counts]) => `  ${JSON.stringify(name)}: ${JSON.stringify(counts)}`);
console.log(`{\n${lines.join(",\n")}\n}`);
