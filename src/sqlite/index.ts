export { openSqliteStorage } from './sqlite-storage';
export type { SqliteSynchronous } from './sqlite-location';
