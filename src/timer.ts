/** The longest time that `setTimeout()` can wait, in milliseconds. With a longer one it fires at once. */
export const maxTimerMs: number = 2 ** 31 - 1;
