// How a thread is lost to those who ask it. Owners turn these into errors of the table.

/** The thread ended though nobody closed it; what it was asked stays unanswered. `cause` is why, where it is known. */
export class ThreadDied extends Error {
  override readonly name = 'ThreadDied';
  /** Whose thread it was, as in "the encoder". */
  readonly of: string;
  readonly why: string;

  constructor(of: string, why: string, options?: ErrorOptions) {
    super(`The thread of ${of} died: ${why}.`, options);
    this.of = of;
    this.why = why;
  }
}

/** The thread was closed by its owner before it was asked. */
export class ThreadClosed extends Error {
  override readonly name = 'ThreadClosed';

  constructor(of: string) {
    super(`The thread of ${of} is closed.`);
  }
}
