// Minimal WebSocket client for protocol tests. Sends raw messages and buffers the received ones.

import WebSocket from 'ws';

export const SUBPROTOCOL = 'graphql-transport-ws';
export const FOLLOW = { query: 'subscription { awardChanged { id } }' };

export class Peer {
  constructor(url, { protocols = [SUBPROTOCOL], headers = {}, ...options } = {}) {
    this.socket = new WebSocket(url.replace(/^http/, 'ws'), protocols, { headers, ...options });
    this.heard = [];
    this.waiting = [];
    this.closed = new Promise((resolve) => this.socket.on('close', (code, reason) => resolve({ code, reason: `${reason}` })));
    this.opened = new Promise((resolve, reject) => {
      this.socket.on('open', resolve);
      this.socket.on('error', reject);
    });
    this.opened.catch(() => {});
    this.socket.on('message', (text) => {
      const message = JSON.parse(text);
      const next = this.waiting.shift();
      if (next) next(message);
      else this.heard.push(message);
    });
  }

  send(message) {
    this.socket.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message));
  }

  /// Returns the next message; rejects if the socket closes instead.
  async next() {
    if (this.heard.length > 0) return this.heard.shift();
    const closed = this.closed.then(({ code, reason }) => {
      throw new Error(`closed with ${code} ${reason}`);
    });
    closed.catch(() => {});
    return Promise.race([new Promise((resolve) => this.waiting.push(resolve)), closed]);
  }

  async init(payload) {
    await this.opened;
    this.send({ type: 'connection_init', payload });
    const message = await this.next();
    if (message.type !== 'connection_ack') throw new Error(JSON.stringify(message));
    return this;
  }

  subscribe(id, payload) {
    this.send({ id, type: 'subscribe', payload });
  }

  end() {
    this.socket.close(1000);
    return this.closed;
  }
}
