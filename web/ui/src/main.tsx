// Starts the page: the live model, its connection, and React.

import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import * as api from './data/api.ts';
import { App } from './app.tsx';
import { theGround } from './ground/ground.ts';
import { ModelContext } from './parts/hooks.ts';
import { browserHost, Connection } from './live/connection.ts';
import { LiveModel } from './live/model.ts';
import { fetchCity } from './data/fetched.ts';
import { keepAskingReadiness, keepExpiring } from './live/clocks.ts';
import { install } from './data/testprobe.ts';
import { applyTaste } from './parts/appearance.ts';
import { learnUser } from './data/user.ts';
import './styles/index.css';

const model = new LiveModel();
const connection = new Connection(
  browserHost(),
  {
    onMessage: (message) => {
      model.receive(message);
      if (message.type === 'bye' && message.reason === 'signed_out') api.goToSignIn();
    },
    onFrame: (frame) => model.receiveFrame(frame, performance.now()),
    onLink: (link) => {
      model.link.set(link);
      // A refused handshake looks like a lost one: a signed-out viewer is led to the sign-in page by the 401.
      if (link.state === 'waiting') void api.session().catch(() => undefined);
    },
  },
  { bbox: [-180, -85, 180, 85], zoom: 11, selected: [] },
);
// Requested at once, since the map needs all of it. Errors are shown where the data is used.
import('./map/view.ts').catch(() => undefined);
const city = fetchCity();
city.catch(() => undefined);
void theGround();
applyTaste();
learnUser();
keepExpiring(model);
keepAskingReadiness(model);

install(model, () => document.querySelector('.map canvas.maplibregl-canvas') !== null);

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no element #root');
createRoot(root).render(
  <StrictMode>
    <ModelContext value={model}>
      <App connection={connection} city={city} />
    </ModelContext>
  </StrictMode>,
);
