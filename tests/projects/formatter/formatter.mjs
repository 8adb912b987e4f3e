// Cucumber's own page of messages.ndjson, written to formatter.html.
import { createReadStream, createWriteStream } from "fs";
import { createInterface } from "readline";
import { CucumberHtmlStream } from "@cucumber/html-formatter/dist/src/index.js";
const formatter = new CucumberHtmlStream();
formatter.pipe(createWriteStream("formatter.html"));
for await (const line of createInterface({ input: createReadStream("messages.ndjson") }))
  if (!formatter.write(JSON.parse(line))) await new Promise(done => formatter.once("drain", done));
formatter.end();
