// The stage: people and robots in a room, a clock, and a bar to move in time.
//
// Poses arrive whole, as 32-bit floats [frame][body][x y z qx qy qz qw]; nothing goes to the server
// while they are played. How far the clock is stands in the page's CSS variable --moment (0 to 1),
// so that the cursors of all charts follow without a line of script.
import { GLTFLoader, OrbitControls, THREE } from "nicegui-scene";

const FLOATS = 7;
const SPEEDS = [0.25, 0.5, 1, 2];
const loader = new GLTFLoader();
const shapes = new Map(); // by address: loaded once, cloned for each actor

function loadShape(address) {
  if (!shapes.has(address)) {
    const loaded = loader.loadAsync(address).then((gltf) => gltf.scene);
    loaded.catch(() => shapes.delete(address)); // so that the next take tries again
    shapes.set(address, loaded);
  }
  return shapes.get(address);
}

async function loadPoses(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return new Float32Array(await response.arrayBuffer());
}

class Actor {
  constructor(description, shape, poses) {
    Object.assign(this, description);
    this.poses = poses;
    this.bodies = poses.length / (this.frames * FLOATS);
    this.group = new THREE.Group();
    this.group.rotation.z = -this.heading;
    const begin = new THREE.Vector3(...this.start, 0).applyAxisAngle(new THREE.Vector3(0, 0, 1), -this.heading);
    this.group.position.set(-begin.x, this.aside - begin.y, 0);
    this.parts = [];
    const copy = shape.clone();
    copy.traverse((node) => {
      const match = /^b(\d+)_\d+$/.exec(node.name);
      if (match) this.parts.push([Number(match[1]), node]);
      if (node.isMesh) node.castShadow = true;
    });
    for (const [, node] of this.parts) this.group.add(node);
    this.from = new THREE.Quaternion();
    this.to = new THREE.Quaternion();
    this.place = new THREE.Vector3();
  }

  pose(seconds) {
    const frame = Math.min(Math.max(seconds * this.fps, 0), this.frames - 1);
    const first = Math.min(Math.floor(frame), this.frames - 2);
    const share = frame - first;
    for (const [body, node] of this.parts) {
      const a = (first * this.bodies + body) * FLOATS;
      const b = a + this.bodies * FLOATS;
      const p = this.poses;
      node.position.set(
        p[a] + share * (p[b] - p[a]),
        p[a + 1] + share * (p[b + 1] - p[a + 1]),
        p[a + 2] + share * (p[b + 2] - p[a + 2]),
      );
      this.from.fromArray(p, a + 3);
      node.quaternion.copy(this.from.slerp(this.to.fromArray(p, b + 3), share));
    }
  }

  where() {
    return this.group.localToWorld(this.place.copy(this.parts[0][1].position));
  }

  free() {
    this.group.removeFromParent();
  }
}

export default {
  template: `
    <div class="stage" :data-time="time.toFixed(2)" :data-playing="playing" :data-actors="names.join('|')" :data-take="take">
      <div class="stage-view">
        <canvas role="img" :aria-label="names.length ? 'On the stage: ' + names.join(', ') : 'An empty stage'"></canvas>
        <div v-for="name in labels" class="stage-label" :style="name.style">{{ name.text }}</div>
        <div class="stage-note" v-if="note">{{ note }}</div>
      </div>
      <div class="stage-bar">
        <button type="button" class="stage-button" @click="toggle" :aria-label="playing ? 'Pause' : 'Play'"
          title="Space">{{ playing ? '❚❚' : '▶' }}</button>
        <div class="stage-track">
          <div class="stage-segments" v-if="segments.length > 1">
            <span v-for="each in segments" :style="span(each.start, each.end)" :title="each.text">{{ each.text }}</span>
          </div>
          <input type="range" min="0" :max="seconds" step="0.01" :value="time" @input="seek(Number($event.target.value))"
            aria-label="Time" :aria-valuetext="time.toFixed(1) + ' s of ' + seconds.toFixed(1) + ' s'">
          <div class="stage-lane" v-for="lane in lanes" :title="lane.name + ' on the floor'">
            <i v-for="each in lane.spans" :style="span(each[0], each[1])"></i><b>{{ lane.name }}</b>
          </div>
        </div>
        <output class="stage-clock">{{ time.toFixed(1) }} / {{ seconds.toFixed(1) }} s</output>
        <select class="stage-speed" v-model.number="speed" aria-label="Speed">
          <option v-for="each in speeds" :value="each">{{ each }}×</option>
        </select>
        <label class="stage-follow"><input type="checkbox" v-model="follow"> follow</label>
      </div>
    </div>`,

  data() {
    return {
      time: 0, seconds: 0, playing: false, speed: 1, speeds: SPEEDS, follow: true,
      names: [], labels: [], lanes: [], segments: [], note: "", take: "",
    };
  },

  mounted() {
    this.actors = [];
    this.shown = 0;
    this.view = this.$el.querySelector(".stage-view");
    this.dirty = true;
    try {
      this.furnish(this.$el.querySelector("canvas"));
    } catch (error) {
      this.note = "This browser draws nothing in 3D (WebGL is off); all figures are right of here.";
    }
    this.onKey = this.key.bind(this);
    window.addEventListener("keydown", this.onKey);
    this.last = performance.now();
    this.frame = requestAnimationFrame(this.tick);
  },

  beforeUnmount() {
    window.removeEventListener("keydown", this.onKey);
    cancelAnimationFrame(this.frame);
    this.observer?.disconnect();
    this.renderer?.dispose();
  },

  methods: {
    furnish(canvas) {
      this.renderer = new THREE.WebGLRenderer({ canvas, antialias: true });
      this.renderer.setPixelRatio(Math.min(window.devicePixelRatio, 2));
      this.renderer.shadowMap.enabled = true;
      this.scene = new THREE.Scene();
      this.camera = new THREE.PerspectiveCamera(35, 1, 0.05, 100);
      this.camera.up.set(0, 0, 1);
      this.camera.position.set(4.5, -1.2, 1.9);
      this.controls = new OrbitControls(this.camera, canvas);
      this.controls.target.set(0, 0, 0.85);
      this.controls.maxPolarAngle = 0.52 * Math.PI; // not from below the floor
      this.controls.addEventListener("change", () => (this.dirty = true));
      this.scene.add(new THREE.HemisphereLight(0xffffff, 0x777788, 1.6));
      this.sun = new THREE.DirectionalLight(0xffffff, 2.0);
      this.sun.castShadow = true;
      this.sun.shadow.mapSize.set(1024, 1024);
      Object.assign(this.sun.shadow.camera, { left: -3, right: 3, top: 3, bottom: -3, far: 12 });
      this.sun.position.set(2.5, -2, 5);
      this.scene.add(this.sun, this.sun.target);
      this.floor = new THREE.Mesh(
        new THREE.PlaneGeometry(60, 60),
        new THREE.MeshLambertMaterial(),
      );
      this.floor.receiveShadow = true;
      this.grid = new THREE.GridHelper(60, 60);
      this.grid.rotation.x = Math.PI / 2;
      this.grid.position.z = 0.002;
      this.scene.add(this.floor, this.grid);
      this.dress();
      this.observer = new ResizeObserver(() => this.resize());
      this.observer.observe(this.view);
      this.resize();
    },

    dress() {
      const dark = document.body.classList.contains("body--dark");
      if (dark === this.dark) return;
      this.dark = dark;
      const room = new THREE.Color(dark ? 0x1b1f24 : 0xe8ecf0);
      this.scene.background = room;
      this.scene.fog = new THREE.Fog(room, 12, 30);
      this.floor.material.color.set(dark ? 0x262b31 : 0xdde2e7);
      this.grid.material.color.set(dark ? 0x555c66 : 0xb4bcc5);
      this.dirty = true;
    },

    resize() {
      const { clientWidth: width, clientHeight: height } = this.view;
      if (!width || !height) return;
      this.renderer.setSize(width, height, false);
      this.camera.aspect = width / height;
      this.frameAll();
      this.camera.updateProjectionMatrix();
      this.dirty = true;
    },

    frameAll() {
      // As near as lets the whole row be seen, whichever side of the picture is the short one.
      const row = Math.max(2.0, 1.5 * this.actors.length);
      const opening = Math.tan(((this.camera.fov / 2) * Math.PI) / 180);
      const distance = Math.max(2.2 / (2 * opening), row / (2 * opening * this.camera.aspect)) + 0.4;
      const towards = this.camera.position.clone().sub(this.controls.target).setLength(distance);
      this.camera.position.copy(this.controls.target).add(towards);
    },

    // Called by the server: put these on the stage, from the beginning.
    async show(take) {
      const number = ++this.shown;
      this.note = this.renderer ? "" : this.note;
      let actors = [];
      if (this.renderer) {
        try {
          actors = await Promise.all(
            take.actors.map(async (each) => {
              const [shape, poses] = await Promise.all([loadShape(each.shape), loadPoses(each.poses)]);
              return new Actor(each, shape, poses);
            }),
          );
        } catch (error) {
          this.note = `This take cannot be drawn (${error.message}); perform it again.`;
        }
      }
      if (number !== this.shown) return; // another take was faster
      for (const actor of this.actors) actor.free();
      this.actors = actors;
      for (const actor of actors) this.scene.add(actor.group);
      this.names = take.actors.map((each) => each.name);
      this.lanes = take.lanes;
      this.segments = take.segments;
      this.seconds = take.seconds;
      if (this.renderer) {
        this.controls.target.set(0, 0, 0.85);
        this.camera.position.set(4.5, -1.2, 1.9);
        this.frameAll();
      }
      this.centre = null;
      this.seek(0);
      this.playing = true;
      this.take = take.identity;
    },

    toggle() {
      if (!this.playing && this.time >= this.seconds) this.seek(0);
      this.playing = !this.playing && this.seconds > 0;
    },

    seek(seconds) {
      this.time = Math.min(Math.max(seconds, 0), this.seconds);
      document.documentElement.style.setProperty("--moment", this.seconds ? this.time / this.seconds : 0);
      for (const actor of this.actors) actor.pose(this.time);
      this.accompany();
      this.dirty = true;
    },

    accompany() {
      if (!this.renderer || !this.actors.length) return;
      const centre = new THREE.Vector3();
      for (const actor of this.actors) {
        actor.group.updateMatrixWorld();
        centre.add(actor.where());
      }
      centre.divideScalar(this.actors.length).setZ(0);
      if (this.centre && this.follow) {
        const step = centre.clone().sub(this.centre);
        this.camera.position.add(step);
        this.controls.target.add(step);
      }
      this.centre = centre;
      this.sun.target.position.copy(centre);
      this.sun.position.copy(centre).add(new THREE.Vector3(2.5, -2, 5));
    },

    tick(now) {
      this.frame = requestAnimationFrame(this.tick);
      const elapsed = Math.min((now - this.last) / 1000, 0.25); // a hidden page makes no leap
      this.last = now;
      if (this.playing) {
        const next = this.time + elapsed * this.speed;
        if (next >= this.seconds) this.playing = false;
        this.seek(next);
      }
      if (!this.renderer) return;
      this.dress();
      this.controls.update();
      if (!this.dirty) return;
      this.dirty = false;
      this.renderer.render(this.scene, this.camera);
      this.label();
    },

    label() {
      const { clientWidth: width, clientHeight: height } = this.view;
      this.labels = this.actors.map((actor) => {
        const head = actor.where().clone().setZ(1.9).project(this.camera);
        const left = Math.round(((head.x + 1) / 2) * width);
        const top = Math.round(((1 - head.y) / 2) * height);
        return { text: actor.name, style: `left:${left}px;top:${Math.max(top, 14)}px` };
      });
    },

    span(begin, end) {
      const part = (moment) => (100 * moment) / Math.max(this.seconds, 1e-6);
      return `left:${part(begin)}%;width:${part(end - begin)}%`;
    },

    key(event) {
      const typing = event.target.closest?.("input:not([type=range]):not([type=checkbox]), textarea, select, [contenteditable]");
      if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
      const onButton = event.target.closest?.("button, [role=button], a, [role=tab], [role=slider]");
      const step = { ArrowLeft: -0.1, ArrowRight: 0.1 }[event.key];
      if (event.key === " " && !onButton) this.toggle();
      else if (step && event.target.type !== "range" && !onButton) this.seek(this.time + step);
      else if (event.key === "Home" && !onButton) this.seek(0);
      else if (event.key === "End" && !onButton) this.seek(this.seconds);
      else if (event.key === "/") document.querySelector(".prompt input")?.focus();
      else return;
      event.preventDefault();
    },
  },
};
