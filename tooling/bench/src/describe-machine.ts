import { arch, cpus, platform, release, totalmem } from "node:os";

/** The machine in a few words, without its name. */
export function describeMachine(): string {
  const [first] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} × ${first?.model.trim() ?? "unknown CPU"}, ${memory} GiB, ${platform()} ${release()} ${arch()}`;
}
