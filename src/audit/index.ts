export { AuditHeads } from './audit-heads';
export { auditKeys } from './audit-key';
export type { AuditKeys } from './audit-key';
export type {
  AuditExtent,
  AuditHead,
  AuditLog,
  AuditProblem,
  AuditQuery,
  AuditVerification,
  HeadStore,
} from './audit-log';
export { AUDIT_KINDS, LOG_KINDS } from './audit-record';
export type { AuditConsent, AuditEntry, AuditFact, AuditKind, LogKind } from './audit-record';
export { auditUrlProblem } from './audit-url';
export { DEFAULT_RETENTION_DAYS, openAuditLog } from './open-audit-log';
export type { AuditLogOptions } from './open-audit-log';
export { verifyAuditLog } from './verify-audit-log';
