import { nearest } from '../../problem/index.js';

/** More questions than this stay unanswered: whoever has a hundred spelling mistakes has made one of them often. */
const mostAnswers = 100;
/** Among more candidates than this nothing is looked for. */
const mostCandidates = 200;

/**
 * "Did you mean" for one check of many objects. Comparing spellings is slow, so each question is answered once, and
 * only so many of them: the check stays linear when every object has a fault.
 */
export class Suggestions {
  readonly #answers = new Map<string, string | undefined>();

  /**
   * The candidate that a misspelt word was meant to be, or undefined.
   *
   * @param scope tells lists of candidates apart: one list always has one scope
   */
  nearest(word: string, scope: string, candidates: readonly string[]): string | undefined {
    const question = `${scope} ${word}`;
    if (this.#answers.has(question)) return this.#answers.get(question);
    if (this.#answers.size >= mostAnswers || candidates.length > mostCandidates) return undefined;
    const answer = nearest(word, candidates);
    this.#answers.set(question, answer);
    return answer;
  }
}
