// The page begins.
import { render } from 'preact';
import { App } from './app.js';
import './style/base.css';
import './style/controls.css';
import './style/layout.css';
import './style/photos.css';
import './style/answer.css';
import './style/again.css';
import './style/track.css';
import './style/pictures.css';
import './style/map.css';
import './style/report.css';
import './style/narrow.css';

const root = document.getElementById('page');
if (root) render(<App />, root);
