export { openBullmqStorage } from './bullmq-storage';
