// A short tone for alerts that call. Silent until the viewer turns it on: browsers allow no sound before a gesture.

import type { AlertLevel } from '../data/types.ts';

/** Frequencies of the tones, Hz: two falling for red, one for orange. */
const TONES: Partial<Record<AlertLevel, number[]>> = { red: [880, 660], orange: [660] };
const TONE_S = 0.16;
const LOUDNESS = 0.12;
/** Many alerts at once are one call, ms. */
const QUIET_MS = 2_000;

export class Sound {
  private context: AudioContext | null = null;
  private playedAt = -Infinity;

  /** Turn it on, from a gesture; false when the browser does not allow it. */
  async enable(): Promise<boolean> {
    this.context ??= new AudioContext();
    await this.context.resume();
    if (this.context.state !== 'running') return false;
    this.play('orange', performance.now());
    return true;
  }

  /** Turn it off. */
  disable(): void {
    void this.context?.close();
    this.context = null;
  }

  /** Sound the level at `now` (ms), unless it is off or has just sounded. */
  play(level: AlertLevel, now: number): void {
    const tones = TONES[level];
    if (!this.context || !tones || now - this.playedAt < QUIET_MS) return;
    this.playedAt = now;
    tones.forEach((hertz, i) => this.tone(hertz, i * TONE_S * 1.3));
  }

  private tone(hertz: number, after: number): void {
    const { context } = this;
    if (!context) return;
    const begin = context.currentTime + after;
    const tone = new OscillatorNode(context, { frequency: hertz });
    const volume = new GainNode(context, { gain: 0 });
    volume.gain.setValueAtTime(0, begin);
    volume.gain.linearRampToValueAtTime(LOUDNESS, begin + 0.02);
    volume.gain.linearRampToValueAtTime(0, begin + TONE_S);
    tone.connect(volume).connect(context.destination);
    tone.start(begin);
    tone.stop(begin + TONE_S);
  }
}
