import { ProxyTracerProvider, trace } from "@opentelemetry/api";

// oxlint-disable-next-line typescript/no-deprecated -- goes with version 2 of the API; version 1 has no other word for whether a provider is there
const Unset = ProxyTracerProvider;

/** What every proxy delegates to as long as no provider is registered. */
const none = new Unset().getDelegate();

/** True once a tracer provider is registered, by us or by the app around; it reads a few fields, so hot paths may ask before they make attributes. */
export function isTracing(): boolean {
  const provider = trace.getTracerProvider();
  return !(provider instanceof Unset) || provider.getDelegate() !== none;
}
