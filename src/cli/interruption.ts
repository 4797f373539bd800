import { Interrupted } from './failure.js';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Turns signals into an orderly end. A handler only takes note and wakes whoever listens: the work itself stops where
 * it is safe, at {@link check}. Renames are synchronous, so none of them is ever cut in two by a signal.
 */
export class Interruption {
  #signal: NodeJS.Signals | undefined;
  #listener: ((again: boolean) => void) | undefined;
  readonly #handle = (signal: NodeJS.Signals) => {
    const again = this.#signal !== undefined;
    this.#signal ??= signal;
    this.#listener?.(again);
  };

  /** Starts to listen; until {@link release} a signal does not end the process by itself. */
  constructor() {
    for (const signal of signals) process.on(signal, this.#handle);
  }

  /** Calls `listener` on each signal; `again` is true from the second one on, from somebody who will not wait. */
  listen(listener: ((again: boolean) => void) | undefined): void {
    this.#listener = listener;
  }

  /** Throws {@link Interrupted} if a signal has come. */
  check(): void {
    if (this.#signal) throw new Interrupted(this.#signal);
  }

  /** Gives the signals their usual meaning back. */
  release(): void {
    for (const signal of signals) process.off(signal, this.#handle);
  }
}
