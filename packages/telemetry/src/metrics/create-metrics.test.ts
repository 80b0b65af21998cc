import { register } from "prom-client";
import { describe, expect, it } from "vitest";

import { type MetricDeclaration, type MetricKey, metricCatalogue, metricName } from "./catalogue.ts";
import { createMetrics } from "./create-metrics.ts";
import { labelValuesMax } from "./label-folding.ts";
import { seriesMax } from "./series-table.ts";

const create = () => createMetrics({ service: "api", version: "1.2.3", defaultMetrics: false });

/** The value of each series of the exposition, by `name{labels}` without the prefix. */
const exposed = async (metrics: ReturnType<typeof create>): Promise<Readonly<Record<string, string>>> => {
  const { body } = await metrics.render();
  const lines = body.split("\n").filter((line) => line.startsWith("millrace_"));
  const pairs = lines.map((line): [string, string] => {
    const space = line.lastIndexOf(" ");
    return [line.slice("millrace_".length, space), line.slice(space + 1)];
  });
  expect(new Set(pairs.map(([series]) => series)).size).toBe(pairs.length);
  return Object.fromEntries(pairs);
};

describe("render", () => {
  it("answers in the Prometheus text format with help and type of every metric that is declared, and no other", async () => {
    const { contentType, body } = await create().render();
    expect(contentType).toBe("text/plain; version=0.0.4; charset=utf-8");
    for (const [key, { help, kind }] of Object.entries(metricCatalogue) as [MetricKey, MetricDeclaration][]) {
      expect(body).toContain(`# HELP ${metricName(key)} ${help}\n# TYPE ${metricName(key)} ${kind}\n`);
    }
    expect(body.match(/# TYPE/g)).toHaveLength(Object.keys(metricCatalogue).length);
    expect(body.endsWith("\n")).toBe(true);
  });

  it("says what runs", async () => {
    const node = process.versions.node;
    expect(await exposed(create())).toMatchObject({
      [`build_info{service="api",version="1.2.3",node="${node}"}`]: "1",
    });
  });

  it("shows metrics whose label values are all known from the start, at zero, so that the first of each is a rise", async () => {
    expect(await exposed(create())).toMatchObject({
      'lake_events_total{outcome="dead"}': "0",
      'rescued_total{outcome="dead"}': "0",
      'query_seconds_count{outcome="error"}': "0",
      lease_lost_total: "0",
      db_pool_open_connections: "0",
      db_pool_wait_seconds_count: "0",
      'db_pool_wait_seconds_bucket{le="+Inf"}': "0",
    });
  });

  it("asks samplers first, until they are taken away", async () => {
    const metrics = create();
    let open = 1;
    const stop = metrics.beforeRender(() => metrics.dbPoolOpenConnections.set(open));
    expect(await exposed(metrics)).toMatchObject({ db_pool_open_connections: "1" });
    open = 2;
    expect(await exposed(metrics)).toMatchObject({ db_pool_open_connections: "2" });
    stop();
    open = 3;
    expect(await exposed(metrics)).toMatchObject({ db_pool_open_connections: "2" });
  });

  it("escapes what users put into labels", async () => {
    const metrics = create();
    metrics.jobWaitSeconds.observe({ queue: 'a"b\\c\nd' }, 1);
    expect((await metrics.render()).body).toContain('queue="a\\"b\\\\c\\nd"');
  });
});

describe("createMetrics", () => {
  it("keeps two apps of one process apart and leaves the global registry alone", async () => {
    const [one, two] = [create(), create()];
    one.leaseLostTotal.inc();
    expect(await exposed(one)).toMatchObject({ lease_lost_total: "1" });
    expect(await exposed(two)).toMatchObject({ lease_lost_total: "0" });
    expect(register.getMetricsAsArray()).toEqual([]);
  });

  it("brings Node's own metrics unless told not to", async () => {
    const { body } = await createMetrics({ service: "api", version: "1" }).render();
    expect(body).toContain("process_cpu_seconds_total");
    expect(body).toContain("nodejs_eventloop_lag_seconds");
    expect((await create().render()).body).not.toContain("nodejs_");
  });
});

describe("a counter", () => {
  it("counts by label set, by one or by more", async () => {
    const metrics = create();
    metrics.jobsEnqueuedTotal.inc({ queue: "emails", outcome: "created" });
    metrics.jobsEnqueuedTotal.inc({ outcome: "created", queue: "emails" }, 9);
    metrics.jobsEnqueuedTotal.inc({ queue: "emails", outcome: "duplicate" });
    metrics.claimedJobsTotal.inc(50);
    expect(await exposed(metrics)).toMatchObject({
      'jobs_enqueued_total{queue="emails",outcome="created"}': "10",
      'jobs_enqueued_total{queue="emails",outcome="duplicate"}': "1",
      claimed_jobs_total: "50",
    });
  });

  it("never falls and never breaks: senseless steps are ignored", async () => {
    const metrics = create();
    for (const step of [-1, Number.NaN, Number.POSITIVE_INFINITY, 0]) metrics.leaseLostTotal.inc(step);
    expect(await exposed(metrics)).toMatchObject({ lease_lost_total: "0" });
  });
});

describe("a histogram", () => {
  it("counts a value in the bucket of its upper bound and in all above", async () => {
    const metrics = create();
    for (const seconds of [0.005, 0.0051, 10, 11]) {
      metrics.httpRequestDurationSeconds.observe({ method: "GET", route: "/v1/jobs", status: "200" }, seconds);
    }
    const labels = 'method="GET",route="/v1/jobs",status="200"';
    expect(await exposed(metrics)).toMatchObject({
      [`http_request_duration_seconds_bucket{${labels},le="0.005"}`]: "1",
      [`http_request_duration_seconds_bucket{${labels},le="0.01"}`]: "2",
      [`http_request_duration_seconds_bucket{${labels},le="7.5"}`]: "2",
      [`http_request_duration_seconds_bucket{${labels},le="10"}`]: "3",
      [`http_request_duration_seconds_bucket{${labels},le="+Inf"}`]: "4",
      [`http_request_duration_seconds_count{${labels}}`]: "4",
      [`http_request_duration_seconds_sum{${labels}}`]: String(0.005 + 0.0051 + 10 + 11),
    });
  });

  it("takes a wait below zero, which two clocks can show, as none, and ignores what isn't a number", async () => {
    const metrics = create();
    metrics.jobWaitSeconds.observe({ queue: "q" }, -0.002);
    metrics.jobWaitSeconds.observe({ queue: "q" }, Number.NaN);
    expect(await exposed(metrics)).toMatchObject({
      'job_wait_seconds_sum{queue="q"}': "0",
      'job_wait_seconds_count{queue="q"}': "1",
    });
  });
});

describe("a gauge", () => {
  it("is replaced as a whole, so that a queue that is gone is gone", async () => {
    const metrics = create();
    metrics.queueDepth.replace([
      [{ queue: "a", status: "pending" }, 3],
      [{ queue: "b", status: "pending" }, 4],
    ]);
    metrics.queueDepth.replace([[{ queue: "b", status: "pending" }, 5]]);
    const series = await exposed(metrics);
    expect(series['queue_depth{queue="b",status="pending"}']).toBe("5");
    expect(series).not.toHaveProperty(['queue_depth{queue="a",status="pending"}']);
  });

  it("has no value while it is not known, which is not 0", async () => {
    const metrics = create();
    expect(await exposed(metrics)).not.toHaveProperty("lake_lag_seconds");
    metrics.lakeLagSeconds.set(2);
    expect(await exposed(metrics)).toMatchObject({ lake_lag_seconds: "2" });
    metrics.lakeLagSeconds.set(Number.NaN);
    expect(await exposed(metrics)).not.toHaveProperty("lake_lag_seconds");
    metrics.lakeLagSeconds.set(0);
    expect(await exposed(metrics)).toMatchObject({ lake_lag_seconds: "0" });
  });

  it("adds depths and takes the oldest age of the queues that are folded together", async () => {
    const metrics = create();
    const queues = Array.from({ length: labelValuesMax + 2 }, (_, index) => `q${index}`);
    for (let round = 0; round < 2; round += 1) {
      metrics.queueDepth.replace(queues.map((queue) => [{ queue, status: "pending" }, 10]));
      metrics.queueOldestReadyAgeSeconds.replace(queues.map((queue, index) => [{ queue }, index]));
    }
    expect(await exposed(metrics)).toMatchObject({
      'queue_depth{queue="q0",status="pending"}': "10",
      'queue_depth{queue="other",status="pending"}': "20",
      'queue_oldest_ready_age_seconds{queue="other"}': String(labelValuesMax + 1),
    });
  });
});

describe("labels that users choose", () => {
  it("keep their first 200 values and count the rest as other, alike in every metric", async () => {
    const metrics = create();
    for (let index = 0; index < labelValuesMax + 50; index += 1) {
      metrics.jobsEnqueuedTotal.inc({ queue: `q${index}`, outcome: "created" });
    }
    metrics.jobWaitSeconds.observe({ queue: `q${labelValuesMax}` }, 1);
    metrics.jobWaitSeconds.observe({ queue: "q7" }, 1);
    const series = await exposed(metrics);
    expect(Object.keys(series).filter((name) => name.startsWith("jobs_enqueued_total{"))).toHaveLength(
      labelValuesMax + 1,
    );
    expect(series).toMatchObject({
      'jobs_enqueued_total{queue="q199",outcome="created"}': "1",
      'jobs_enqueued_total{queue="other",outcome="created"}': "50",
      'job_wait_seconds_count{queue="other"}': "1",
      'job_wait_seconds_count{queue="q7"}': "1",
    });
  });

  it("make no more than 2,000 series of one metric in all their combinations, and lose no count", async () => {
    const metrics = create();
    for (let queue = 0; queue < 60; queue += 1) {
      for (let type = 0; type < 60; type += 1) {
        metrics.jobsFinishedTotal.inc({ queue: `q${queue}`, type: `t${type}`, outcome: "completed" });
      }
    }
    const series = Object.entries(await exposed(metrics)).filter(([name]) => name.startsWith("jobs_finished_total{"));
    expect(series).toHaveLength(seriesMax + 1);
    expect(series.reduce((sum, [, value]) => sum + Number(value), 0)).toBe(3_600);
  });
});
