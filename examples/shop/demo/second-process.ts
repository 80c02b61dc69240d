import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Another process of the same shop, such as the one behind `/webhooks`. They share files, and no memory. */
export class SecondProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  /** With the environment of this process. */
  static async start(): Promise<SecondProcess> {
    const child = fork(join(__dirname, 'second-process.main.ts'), {
      env: process.env,
      execArgv: ['-r', '@swc-node/register'],
    });
    const [url] = (await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => {
        throw new Error('The second process of the shop did not start');
      }),
    ])) as [string];
    return new SecondProcess(child, url);
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  async close(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.disconnect();
    await ended;
  }
}
