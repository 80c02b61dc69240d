export { collectPrometheusMetrics } from './prometheus-metrics';
export type { PrometheusMetricsOptions } from './prometheus-metrics';
