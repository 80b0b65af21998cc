import { describe, expect, test } from "vitest";

import { load, problemsOf } from "../testing-load.ts";

const loadTelemetry = (env: Readonly<Record<string, string>> = {}, yaml = "") =>
  load({ sections: ["telemetry"], yaml, env }).config.telemetry;

describe("telemetry", () => {
  test("traces nothing unless told where to", () => {
    expect(loadTelemetry()).toEqual({
      serviceName: undefined,
      metrics: true,
      tracing: { endpoint: undefined, headers: [], sampleRatio: 1, exportTimeoutMs: 10_000 },
    });
  });

  test("is read from its own names, and from OpenTelemetry's below them", () => {
    const standard = {
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318",
      OTEL_EXPORTER_OTLP_HEADERS: "Authorization=Bearer%20abc%2C1,x-team=a",
      OTEL_SERVICE_NAME: "orders",
    };
    expect(loadTelemetry(standard)).toMatchObject({
      serviceName: "orders",
      tracing: {
        endpoint: "http://collector:4318",
        headers: [
          ["authorization", "Bearer abc,1"],
          ["x-team", "a"],
        ],
      },
    });
    const own = {
      MILLRACE_TELEMETRY_SERVICE_NAME: "shop",
      MILLRACE_TELEMETRY_TRACING_ENDPOINT: "https://traces.example.com/otlp",
      MILLRACE_TELEMETRY_TRACING_SAMPLE_RATIO: "0.25",
    };
    expect(loadTelemetry({ ...standard, ...own })).toMatchObject({
      serviceName: "shop",
      tracing: { endpoint: "https://traces.example.com/otlp", sampleRatio: 0.25 },
    });
  });

  test("passes over what OpenTelemetry's names have for others, with a warning that shows no value, and takes its own place", () => {
    const standard = {
      OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4317",
      OTEL_EXPORTER_OTLP_HEADERS: "hidden token",
      OTEL_SERVICE_NAME: "é",
    };
    const { config, warnings } = load({ sections: ["telemetry"], env: standard });
    expect(config.telemetry).toEqual(loadTelemetry());
    expect(warnings).toHaveLength(3);
    expect(warnings[0]).toMatch(/^OTEL_SERVICE_NAME is passed over: telemetry.serviceName must be /);
    expect(warnings.join()).not.toContain("hidden");
    const yaml = "telemetry: {tracing: {endpoint: 'http://collector:4318'}}";
    expect(loadTelemetry(standard, yaml).tracing.endpoint).toBe("http://collector:4318");
    expect(load({ sections: ["logging"], env: standard }).warnings).toEqual([]);
  });

  test("takes headers with spaces around what divides them", () => {
    expect(loadTelemetry({ OTEL_EXPORTER_OTLP_HEADERS: " a = b , Authorization =Bearer c " }).tracing.headers).toEqual([
      ["a", "b"],
      ["authorization", "Bearer c"],
    ]);
  });

  test.each(["collector:4318", "ftp://collector", "http://user:pass@collector", "http://collector?a=b"])(
    "refuses %s as an endpoint",
    (endpoint) => {
      const problems = problemsOf(() => loadTelemetry({}, `telemetry: {tracing: {endpoint: "${endpoint}"}}`));
      expect(problems).toMatchObject([{ name: "telemetry.tracing.endpoint" }]);
    },
  );

  test.each([-0.1, 1.1, "half"])("refuses %s as a ratio", (ratio) => {
    const problems = problemsOf(() => loadTelemetry({}, `telemetry: {tracing: {sampleRatio: ${ratio}}}`));
    expect(problems).toMatchObject([{ name: "telemetry.tracing.sampleRatio" }]);
  });

  test.each(["token", "a b=c", "a=%zz", "a=%0d%0ab:c"])("refuses %s as a header, without showing it", (header) => {
    const problems = problemsOf(() => loadTelemetry({ MILLRACE_TELEMETRY_TRACING_HEADERS: header }));
    expect(problems).toMatchObject([{ name: "telemetry.tracing.headers" }]);
    expect(JSON.stringify(problems)).not.toContain(header);
  });
});
