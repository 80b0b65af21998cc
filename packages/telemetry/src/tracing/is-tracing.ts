import { ProxyTracerProvider, trace } from "@opentelemetry/api";

/** What every proxy delegates to as long as no provider is registered. */
const none = new ProxyTracerProvider().getDelegate();

/** True once a tracer provider is registered, by us or by the app around; it reads a few fields, so hot paths may ask before they make attributes. */
export function isTracing(): boolean {
  const provider = trace.getTracerProvider();
  return !(provider instanceof ProxyTracerProvider) || provider.getDelegate() !== none;
}
