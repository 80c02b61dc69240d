export { collectOpenTelemetryMetrics } from './opentelemetry-metrics';
export type { OpenTelemetryMetricsOptions } from './opentelemetry-metrics';
