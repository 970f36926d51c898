// Texts of the question who was in a drawn area.

import type { Pairs } from './pairs.ts';

export const area = {
  'area.title': ['谁到过这里', 'Who was there'],
  'area.draw': ['绘制区域', 'Draw an area'],
  'area.redraw': ['重新绘制', 'Draw again'],
  'area.help': [
    '在地图上依次点击各角，双击或按回车结束，退格撤销，Esc 取消。',
    'Click the corners on the map. Double click or Enter ends, Backspace takes one back, Escape cancels.',
  ],
  'area.useCell': ['用所选网格或街道的边界', 'Use the outline of a cell'],
  'area.middle': ['用画面中央的方框', 'Middle of the view'],
  'area.corners': ['{n} 个角', '{n} corners'],
  'area.from': ['从', 'From'],
  'area.to': ['到', 'To'],
  'area.ask': ['查询', 'Ask'],
  'area.none': ['这段时间没有单兵到过这里', 'Nobody was there in this time'],
  'area.found': ['{n} 名单兵', '{n} officers'],
  'area.passed': ['途经', 'passed through'],
  'area.fixes': ['{n} 个定位点', '{n} fixes'],
  'area.stayed': ['共 {time}', '{time} in all'],
  'area.replay': ['回放这段时间', 'Replay this time'],
  'area.noOfficer': ['持有人不详', 'carried by nobody known'],
} as const satisfies Pairs;
