// The roles under PM2: `pm2 start deploy/ecosystem.config.js`, then `pm2 status`, `pm2 logs`, `pm2 stop all`.
// What they have in common is taken from the environment in which PM2 is started; see docs/scaling.md.
const common = {
  script: process.env.TREADLE_COMMAND || "treadle",
  interpreter: "none",
  autorestart: true,
  restart_delay: 2000,
  watch: false,
  treekill: false, // a worker ends what it started itself, in order
  kill_timeout: 15000,
  env: { TREADLE_DATABASE_URL: process.env.TREADLE_DATABASE_URL || "" },
};

module.exports = {
  apps: [
    { ...common, name: "treadle-api", args: "api", max_memory_restart: "500M" },
    { ...common, name: "treadle-scheduler", args: "scheduler", max_memory_restart: "500M" },
    {
      ...common,
      name: "treadle-worker",
      args: "worker --processes 2 --concurrency 5",
      stop_exit_codes: [0], // one that was drained has ended for good
      kill_timeout: 45000, // longer than TREADLE_GRACE_SEC: what runs may end
    },
  ],
};
