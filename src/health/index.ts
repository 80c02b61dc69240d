export { TrackingHealthIndicator } from './tracking.health';
