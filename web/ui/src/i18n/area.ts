// Texts of the question who was in a drawn area.

import type { Pairs } from './pairs.ts';

export const area = {
  'area.title': ['谁到过这里', 'Who was here'],
  'area.draw': ['绘制区域', 'Draw an area'],
  'area.redraw': ['重新绘制', 'Draw again'],
  'area.help': [
    '在地图上依次点击各角；双击或按回车结束，退格撤销，Esc 取消。',
    'Click the corners on the map. Double-click or press Enter to finish, Backspace to undo, Escape to cancel.',
  ],
  'area.useCell': ['使用所选网格或街道的边界', 'Use the outline of the selected cell or street'],
  'area.middle': ['以画面中央为区域', 'Use the middle of the view'],
  'area.corners': ['{n} 个角', '{n} corners'],
  'area.from': ['开始', 'From'],
  'area.to': ['结束', 'To'],
  'area.ask': ['查询', 'Search'],
  'area.none': ['这段时间没有队员到过这里', 'No officer was here in this period'],
  'area.found': ['{n} 名队员', '{n} officers'],
  'area.passed': ['途经', 'passed through'],
  'area.fixes': ['{n} 个定位点', '{n} fixes'],
  'area.stayed': ['共 {time}', '{time} in total'],
  'area.replay': ['回放这段时间', 'Replay this period'],
  'area.noOfficer': ['持有人不详', 'carrier unknown'],
} as const satisfies Pairs;
