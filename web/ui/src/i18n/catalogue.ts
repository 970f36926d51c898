// Names of event types (class.sub-class, or what a device says) in the code systems of city management; unknown codes are shown as they are.

import type { Language } from './index.ts';

const CLASSES: Record<string, [string, string]> = {
  '01': ['市容环境', 'Street environment'],
  '02': ['宣传广告', 'Advertising'],
  '03': ['施工管理', 'Construction'],
  '04': ['突发事件', 'Emergency'],
  '05': ['街面秩序', 'Street order'],
};

const TYPES: Record<string, [string, string]> = {
  checkpoint: ['打卡', 'checkpoint'],
  '01.01': ['私搭乱建', 'unlicensed building'],
  '01.02': ['暴露垃圾', 'exposed rubbish'],
  '01.03': ['积存垃圾渣土', 'rubbish and soil heap'],
  '01.04': ['道路不洁', 'dirty road'],
  '01.05': ['水域不洁', 'dirty water'],
  '01.06': ['绿地脏乱', 'littered green'],
  '01.10': ['道路破损', 'broken road'],
  '01.16': ['油烟污染', 'cooking fumes'],
  '02.01': ['非法小广告', 'illegal bills'],
  '02.02': ['违章张贴悬挂广告牌匾', 'unlicensed signs'],
  '02.03': ['占道广告牌', 'sign blocking the way'],
  '02.04': ['街头散发广告', 'handing out leaflets'],
  '03.01': ['施工扰民', 'construction noise'],
  '03.02': ['工地扬尘', 'construction dust'],
  '03.03': ['施工废弃料', 'construction waste'],
  '03.04': ['施工占道', 'construction on the road'],
  '03.05': ['无证掘路', 'unlicensed digging'],
  '04.01': ['路面塌陷', 'road collapse'],
  '04.02': ['自来水管破裂', 'burst water main'],
  '04.04': ['下水道堵塞或破损', 'blocked sewer'],
  '04.06': ['道路积水', 'flooded road'],
  '05.01': ['无照经营游商', 'unlicensed vendor'],
  '05.02': ['流浪乞讨', 'vagrancy'],
  '05.03': ['占道废品收购', 'scrap dealing on the road'],
  '05.04': ['店外经营', 'trading outside the shop'],
  '05.05': ['机动车乱停放', 'motor vehicle parked wrongly'],
  '05.06': ['非机动车乱停放', 'bicycle parked wrongly'],
  '05.07': ['乱堆物堆料', 'goods piled up'],
  '05.08': ['商业噪音', 'commercial noise'],
  '05.10': ['露天烧烤', 'open-air barbecue'],
  '05.11': ['沿街晾挂', 'hanging laundry on the street'],
};

/** First two digits, the class of an event, where it is one this page knows; else undefined. */
export function eventClass(code: string): string | undefined {
  const head = code.slice(0, 2);
  return head in CLASSES ? head : undefined;
}

/** Name of an event type in the language of the page. */
export function eventName(code: string, language: Language): string {
  const pick = (names: [string, string]): string => names[language === 'zh' ? 0 : 1];
  const type = TYPES[code];
  if (type) return pick(type);
  const head = eventClass(code);
  return head ? `${pick(CLASSES[head])} ${code}` : code;
}
