import { readdirSync, readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { hasPrometheus, type Prometheus, startPrometheus } from "./processes/start-prometheus.ts";
import { eventually } from "./testing/eventually.ts";
import { finished } from "./testing/observe.ts";
import { recordedTypes } from "./testing/recorded-types.ts";
import { openStage } from "./testing/stage.ts";
import { startEvents } from "./testing/start-events.ts";

interface Rule {
  readonly type: "recording" | "alerting";
  readonly name: string;
  readonly query: string;
  readonly health: "ok" | "err" | "unknown";
  readonly lastError?: string;
  readonly state?: "inactive" | "pending" | "firing";
}

interface Dashboard {
  readonly title: string;
  readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[];
}

type Vector = readonly {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}[];

const dashboards = new URL("../../../deploy/observability/dashboards/", import.meta.url);
const panels = readdirSync(dashboards)
  .map((file) => JSON.parse(readFileSync(new URL(file, dashboards), "utf8")) as Dashboard)
  .flatMap(({ title, panels: inIt }) => inIt.map((panel) => ({ of: `${title}, ${panel.title}`, panel })));
/** What shows nothing as long as nothing goes wrong. */
const faults = ["Millrace: API and database, Faults by route", "Millrace: API and database, Statements that failed"];

async function rulesOf(prometheus: Prometheus): Promise<readonly Rule[]> {
  const { groups } = await prometheus.get<{ readonly groups: readonly { readonly rules: readonly Rule[] }[] }>("rules");
  return groups.flatMap(({ rules }) => rules);
}

async function evaluate(prometheus: Prometheus, expression: string): Promise<Vector> {
  // Grafana replaces it by four times the time between two looks, a minute at least.
  const query = expression.replaceAll("$__rate_interval", "1m");
  return (await prometheus.get<{ readonly result: Vector }>("query", { query })).result;
}

const hostOf = ({ url }: { readonly url: string }): string => new URL(url).host;

test(
  "Prometheus evaluates every rule and every panel over a product at work, and notices a worker that is gone",
  { timeout: 600_000 },
  async (context) => {
    if (!hasPrometheus()) context.skip("There is no Prometheus to test with: install Debian's package prometheus");
    const stage = await openStage(context);
    const { api, startWorker } = await startEvents(stage);
    const worker = await startWorker("worker-1");
    const prometheus = stage.own(await startPrometheus(stage.folder, { api: [hostOf(api)], worker: [hostOf(worker)] }));
    const up = async () => (await evaluate(prometheus, "up")).map(({ value }) => value[1]);
    await eventually(up).toEqual(["1", "1"]);

    // Two rounds: a rate is of series that were there before.
    const client = api.client();
    await client.tables.create({ name: "clicks", columns: [{ name: "n", type: "int64" }] });
    const work = async (round: number): Promise<void> => {
      const { id } = await client.jobs.enqueue({ type: recordedTypes[0] });
      await finished(client, id);
      const { visibilityToken } = await client.ingest("clicks", [{ payload: { n: round } }]);
      const rows = await client.query("select count(*)::int as events from clicks", {
        minVisibilityToken: visibilityToken ?? "",
        consistencyTimeoutMs: 60_000,
      });
      await rows.all();
    };
    let rounds = 0;
    const withoutData = async () => {
      await work(rounds++);
      const shown = await Promise.all(
        panels.map(async ({ of, panel }) => {
          const lines = await Promise.all(panel.targets.map(({ expr }) => evaluate(prometheus, expr)));
          return { of, isEmpty: lines.some((line) => line.length === 0) };
        }),
      );
      return shown.filter(({ isEmpty }) => isEmpty).map(({ of }) => of);
    };
    await eventually(withoutData, 1_000).toEqual(faults);

    await eventually(async () => (await rulesOf(prometheus)).filter(({ health }) => health !== "ok"), 500).toEqual([]);
    const rules = await rulesOf(prometheus);
    const recordings = rules.filter(({ type }) => type === "recording");
    expect(recordings).toHaveLength(21);
    const shares = async () => {
      const found = await Promise.all(recordings.map(({ name }) => evaluate(prometheus, name)));
      return found.map((line, index) => [recordings[index]?.name, line.map(({ value }) => value[1])]);
    };
    await eventually(shares, 500).toEqual(
      recordings.map(({ name }) => [name, [expect.stringMatching(/^(?:0|1|[\d.e-]+)$/)]]),
    );

    const stateOf = async (name: string) => (await rulesOf(prometheus)).find((rule) => rule.name === name)?.state;
    await eventually(() => stateOf("MillraceTargetDown"), 500).toBe("inactive");
    worker.signal("SIGKILL");
    await eventually(() => stateOf("MillraceTargetDown"), 500).toBe("pending");
  },
);
