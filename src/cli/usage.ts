export const USAGE = `Usage: nestjs-server-tracking <command> [options]

Commands
  dead-letters list             entries that were given up, the oldest first
  dead-letters show [event ID]  everything that is known of them
  dead-letters redrive          put them back: the running application tries them again
  dead-letters purge            throw them away for good; needs --yes
  stats                         counters and queue of each destination
  audit verify, export, purge   the audit log; see audit --help

Which dead letters
  --destination <name>    meta, tiktok, ga4, serverGtm, or one of your own
  --event <name>          purchase, sign_up, lead, ...
  --event-id <ID>         such as purchase:10045
  --reason <text>         a part of the reason, in any case
  --before <when>         older than 30m, 12h, 7d or 2w, or before 2026-01-15 or 2026-01-15T10:00:00Z
  --limit <count>         the oldest so many; list and show: 100 unless you say more

Options
  --storage <url>         default: TRACKING_STORAGE_URL, else REDIS_URL
  --json                  for programs
  --body                  show: also the data as the platform would read it (hashed, with IP address)
  --yes                   purge, and redrive of everything
  -h, --help
  -v, --version

Exit codes: 0 done, 1 it failed or show found nothing, 2 wrong usage.
`;
