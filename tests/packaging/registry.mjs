// An npm registry of a few packages on a free port of this machine: the documents and tarballs that `npm install` asks for.
//
//   node registry.mjs FOLDER     FOLDER holds the folders of packages; prints the registry's URL
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

const folder = process.argv[2];
const sources = readdirSync(folder);
const packed = execFileSync("npm", ["pack", "--json", "--pack-destination", folder, ...sources.map((source) => `./${source}`)], {
  cwd: folder,
  encoding: "utf8",
});

const packages = new Map();
for (const pack of Object.values(JSON.parse(packed))) {
  const source = sources.find((source) => JSON.parse(readFileSync(join(folder, source, "package.json"))).name === pack.name);
  packages.set(pack.name, { ...pack, manifest: JSON.parse(readFileSync(join(folder, source, "package.json"))) });
}

const server = createServer((request, response) => {
  const path = decodeURIComponent(request.url.slice(1));
  const origin = `http://${request.headers.host}`;
  if (path.startsWith("tarballs/")) {
    const pack = [...packages.values()].find(({ filename }) => `tarballs/${filename}` === path);
    return response.end(readFileSync(join(folder, pack.filename)));
  }
  const pack = packages.get(path);
  if (pack === undefined) return response.writeHead(404).end("{}");
  const { manifest, integrity, shasum, filename, version } = pack;
  const dist = { integrity, shasum, tarball: `${origin}/tarballs/${filename}` };
  const document = { name: pack.name, "dist-tags": { latest: version }, versions: { [version]: { ...manifest, dist } } };
  response.setHeader("content-type", "application/json").end(JSON.stringify(document));
});
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/`));
