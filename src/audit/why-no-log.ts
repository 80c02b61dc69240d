import { existsSync } from 'node:fs';

import { readSqliteLocation } from '../sqlite/sqlite-location';
import { auditMemberOf, jsonlPathOf } from './audit-url';
import { JsonlFiles } from './jsonl-files';

const FROM_HERE =
  "A relative path begins in the current folder: start in the application's, or name the file in full";

/**
 * Why there is nothing to look at: opening would make a log that is whole and empty. Of a server nothing is
 * known before it is asked.
 */
export async function whyNoLog(url: string): Promise<string | undefined> {
  switch (auditMemberOf(url)) {
    case 'sqlite': {
      const location = readSqliteLocation(url);
      return typeof location === 'string' || existsSync(location.path)
        ? undefined
        : `there is no file ${location.path}. ${FROM_HERE}`;
    }
    case 'jsonl': {
      const path = jsonlPathOf(url);
      return path === undefined || (await hasFiles(path))
        ? undefined
        : `there are no files of ${path}. ${FROM_HERE}`;
    }
    default:
      return undefined;
  }
}

async function hasFiles(path: string): Promise<boolean> {
  const files = new JsonlFiles(path);
  return (await files.days()).length > 0 || (await files.marks()).length > 0;
}
