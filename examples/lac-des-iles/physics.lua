-- SPDX-License-Identifier: Apache-2.0
-- What happens between the instruments of the mine. `headgate sim` calls step(dt) for what moves (dt in
-- seconds of the mine's time), then show() for what the instruments say of it, ten times a second; in
-- a story, act(name, x) for what happens. Change it: it is an example, not a part of the program.
--
-- Words that sim brings:
--   set(path, value)      number, true/false, word of an enum; nil: the device says "no value"
--   get(path)             the number a tag has now
--   noise(sigma)          of a sensor; the same run after run with the same --seed
--   lag(x, towards, tau, dt)          follows with a time constant
--   switch(on, x, start, stop)        two thresholds
--   pump_flow(h0, a, lift, b, speed)  m3/h, from the pump's curve and the pipe's
--   basin{{level, volume}, ...}       b:level(), b:level(m), b:volume(), out, over = b:step(in, out, dt)
--   time()                            seconds since the start
-- A tag that is never set lives its own calm life.

-- What to play with ------------------------------------------------------------------------------
local leak = 0          -- m3/h through the dam beyond the ordinary seepage; it runs to the crusher
local rain = 0.6        -- mm/h
local ore = 620         -- t/h that the trucks bring, on average
local pumps_stand = {}  -- e.g. {["mill/pump-1"] = true}: this one does not start
local plugged = 0       -- share of the leak that hay and tailings hold back
local dam = false       -- the barrier between crusher and mill yard
local mobile = 0        -- how many of the four mobile pumps stand at the crusher
local broken = {}       -- those of them that are down
local stopped = {}      -- what people have stopped: mill, crusher, substation_1

-- Helpers ----------------------------------------------------------------------------------------
local function clamp(x, low, high) return math.max(low, math.min(high, x)) end
local function wave(period, phase) return math.sin(6.2832 * (time() + (phase or 0)) / period) end
local kelvin = 273.15

-- A centrifugal pump with its motor. Speed ramps, flow follows the curves, power follows the flow,
-- the winding follows the losses, and everything that counts goes on counting.
local function new_pump(name, p)
  p.name, p.speed, p.on, p.flow, p.kw = name, 0, p.on or false, 0, 0
  p.winding, p.bearing = 20, 18
  p.hours, p.starts, p.kwh, p.volume = p.hours or 8000, p.starts or 400, p.kwh or 300000, p.volume or 1e5
  return p
end

local function run_pump(p, want, lift, dt, share)
  want = want and not pumps_stand[p.name]
  if want and not p.on then p.starts = p.starts + 1 end
  p.on = want
  local target = want and (share or 1) or 0
  p.speed = p.speed + clamp(target - p.speed, -dt / p.ramp, dt / p.ramp)
  p.flow = pump_flow(p.h0, p.a, lift, p.b, p.speed)
  p.head = p.h0 * p.speed ^ 2 - p.a * p.flow ^ 2
  -- Hydraulic power in kW is flow x head / 367; at no flow the pump still churns.
  p.kw = p.flow * p.head / 367 / p.efficiency + p.churn * p.speed ^ 3
  p.amps = p.speed > 0.01 and math.sqrt((p.kw / p.rated) ^ 2 + 0.09) * p.full_amps or 0
  p.winding = lag(p.winding, 18 + 55 * (p.amps / p.full_amps) ^ 2, 600, dt)
  p.bearing = lag(p.bearing, 18 + 30 * p.speed, 900, dt)
  if p.on then p.hours = p.hours + dt / 3600 end
  p.kwh = p.kwh + p.kw * dt / 3600
  p.volume = p.volume + p.flow * dt / 3600
end

-- The faces of a pump: what each kind of drive or relay makes of it.
local function show_danfoss(d, p)
  local hz = 60 * p.speed
  set(d .. "/motor_power", p.kw + noise(0.05) * p.speed)
  set(d .. "/motor_current", p.amps + noise(0.05) * p.speed)
  set(d .. "/motor_voltage", 600 * p.speed)
  set(d .. "/output_frequency", hz)
  set(d .. "/motor_speed", math.floor(1770 * p.speed + 0.5))
  set(d .. "/motor_thermal", clamp(100 * (p.amps / p.full_amps) ^ 2, 0, 100))
  set(d .. "/dc_link_voltage", 845 - 10 * p.speed)
  set(d .. "/heatsink_temp", clamp(24 + 20 * p.speed, 0, 200))
  set(d .. "/mav", 100 * p.speed)
  set(d .. "/running_hours", p.hours)
  set(d .. "/operating_hours", p.hours + 2000)
  set(d .. "/energy_counter", p.kwh)
  set(d .. "/status_word_readout.running", p.speed > 0.02)
  set(d .. "/status_word_readout.at_reference", p.on and p.speed > 0.98)
  set(d .. "/status_word_readout.drive_ready", true)
  set(d .. "/status_word_readout.coasting", false)
  set(d .. "/status_word_readout.trip", false)
end

local function show_cim(d, p, lift)
  set(d .. "/flow", p.flow + noise(0.2) * p.speed)
  set(d .. "/head", clamp(p.head / 10.2, 0, 60))
  set(d .. "/speed", 1770 * p.speed)
  set(d .. "/frequency", 60 * p.speed)
  set(d .. "/motor_current", p.amps)
  set(d .. "/motor_voltage", 600 * p.speed)
  set(d .. "/dc_link_voltage", 845 - 10 * p.speed)
  set(d .. "/power", p.kw * 1000)
  set(d .. "/relative_performance", 100 * p.speed)
  set(d .. "/process_feedback", clamp(p.flow / p.rated_flow * 100, 0, 100))
  set(d .. "/inlet_pressure", clamp(0.25 - lift / 100, -0.9, 10))
  set(d .. "/motor_temp", p.winding)
  set(d .. "/power_electronics_temp", 22 + 25 * p.speed)
  set(d .. "/bearing_temp_de", p.bearing)
  set(d .. "/bearing_temp_nde", p.bearing - 3)
  set(d .. "/liquid_temp", 6 + wave(7200))
  set(d .. "/specific_energy", p.flow > 1 and clamp(p.kw * 1000 / p.flow, 0, 60000) or 0)
  set(d .. "/operating_time", p.hours)
  set(d .. "/powered_time", p.hours + 3000)
  set(d .. "/energy", p.kwh)
  set(d .. "/number_of_starts", p.starts)
  set(d .. "/volume1", p.volume)
  set(d .. "/unit_family", "E-pump")
  set(d .. "/status_bits.running", p.on)
  set(d .. "/status_bits.rotating", p.speed > 0.02)
  set(d .. "/status_bits.at_max_speed", p.speed > 0.99)
end

local function show_sinamics(d, p)
  set(d .. "/speed_setpoint", p.on and 1770 or 0)
  set(d .. "/speed_actual", math.floor(1770 * p.speed + 0.5))
  set(d .. "/output_frequency", 60 * p.speed)
  set(d .. "/output_voltage", 600 * p.speed)
  set(d .. "/dc_link_voltage", 845 - 10 * p.speed)
  set(d .. "/ao0", 100 * p.speed)
  set(d .. "/ao1", clamp(100 * p.amps / p.full_amps, 0, 200))
  set(d .. "/status_word.running", p.speed > 0.02)
  set(d .. "/status_word.ready", true)
  set(d .. "/status_word.fault", false)
  set(d .. "/status_word.switch_on_inhibited", false)
  set(d .. "/status_word.comparison_speed_reached", p.speed > 0.99)
  set(d .. "/rated_power", p.rated)
  set(d .. "/reference_speed", 1770)
  set(d .. "/firmware", 4.7)
  set(d .. "/current_limit", p.full_amps * 1.1)
end

-- Electricity: a place that uses kW. The voltage sags a little with the load, currents follow.
local function new_bus(volts, sag, kwh)
  return {nominal = volts, sag = sag, kwh = kwh, kw = 0, volts = volts}
end

local function load_bus(b, kw, pf, dt)
  b.kw, b.pf = kw, pf
  b.volts = b.nominal > 0 and b.nominal * (1.01 - b.sag * kw / 1000) + noise(b.nominal / 4000) or 0
  b.kvar = kw * math.tan(math.acos(pf))
  b.kva = kw / pf
  b.amps = b.volts > 0 and b.kva * 1000 / (1.732 * b.volts) or 0
  b.kwh = b.kwh + kw * dt / 3600
  b.hz = b.volts > 0 and 60 + 0.015 * wave(47) + noise(0.002) or 0
end

local function show_sel(d, b)
  for i, k in ipairs {"ia", "ib", "ic"} do
    local amps = b.amps * (1 + 0.006 * (i - 2))
    set(d .. "/" .. k, amps)
    set(d .. "/" .. k .. "_rms", amps)
    set(d .. "/" .. k .. "_angle", -math.deg(math.acos(b.pf)) - 120 * (i - 1) + (i == 3 and 360 or 0))
  end
  set(d .. "/i_avg", b.amps)
  for _, k in ipairs {"vab", "vbc", "vca", "v_ll_avg"} do set(d .. "/" .. k, b.volts) end
  for _, k in ipairs {"van", "vbn", "vcn", "v_ln_avg"} do set(d .. "/" .. k, b.volts / 1.732) end
  set(d .. "/power", b.kw)
  set(d .. "/reactive", b.kvar)
  set(d .. "/apparent", b.kva)
  set(d .. "/pf", b.pf)
  set(d .. "/frequency", b.hz)
  set(d .. "/energy_out", b.kwh / 1000)
  set(d .. "/energy_in", 0)
  set(d .. "/in", 1)
  set(d .. "/ig", 0)
  set(d .. "/vdc", 126.5 + noise(0.1))
  set(d .. "/rtd_max_winding", 40 + 20 * b.kw / 3000)
end

-- Meters with the same tags in kW or in W.
local function show_meter(d, b, unit, tags)
  local k = unit == "kW" and 1 or 1000
  for i = 1, 3 do
    local share = 1 + 0.01 * (i - 2)
    set(d .. "/voltage_l" .. i .. "n", b.volts / 1.732 * (1 + 0.002 * (i - 2)))
    set(d .. "/current_l" .. i, b.amps * share)
    set(d .. "/power_l" .. i, b.kw / 3 * share * k)
    if tags.pf then set(d .. "/pf_l" .. i, b.pf) end
    if tags.split then
      set(d .. "/reactive_l" .. i, b.kvar / 3 * k)
      set(d .. "/apparent_l" .. i, b.kva / 3 * share * k)
    end
  end
  if tags.ll then
    for _, n in ipairs {"l12", "l23", "l31", "ll_avg"} do set(d .. "/voltage_" .. n, b.volts) end
    set(d .. "/voltage_ln_avg", b.volts / 1.732)
    set(d .. "/current_avg", b.amps)
    set(d .. "/reactive_total", b.kvar * k)
    set(d .. "/apparent_total", b.kva * k)
  end
  set(d .. "/power_total", b.kw * k)
  if not tags.no_hz then set(d .. "/frequency", b.hz) end
end

-- The state of the mine ---------------------------------------------------------------------------
local pond = basin {{0, 0}, {1, 24000}, {2, 54000}, {3, 90000}, {4, 132000}, {5, 180000}, {6, 234000}}
pond:level(3.1)
local sump = basin {{0, 0}, {3, 72}}
sump:level(0.7)
local pit = basin {{0, 0}, {6, 5400}}
pit:level(2.2)
local under = {main = basin {{0, 0}, {8, 2400}}, east = basin {{0, 0}, {8, 400}}, west = basin {{0, 0}, {8, 400}}}
under.main:level(3); under.east:level(2); under.west:level(2.5)
local under_total = {main = 812345, east = 104233, west = 98120}
local shaft = basin {{0, 0}, {5, 60}}
shaft:level(1.5)
local toe = basin {{0, 0}, {2, 16}}
toe:level(0.6)

local reclaim = {
  new_pump("tailings/reclaim-1", {h0 = 62, a = 0.00024, b = 0.00038, ramp = 12, efficiency = 0.78, churn = 6, rated = 90, full_amps = 104, rated_flow = 280, on = true}),
  new_pump("tailings/reclaim-2", {h0 = 61, a = 0.00025, b = 0.00038, ramp = 12, efficiency = 0.74, churn = 6, rated = 90, full_amps = 104, rated_flow = 280}),
}
local back = new_pump("tailings/seepage-pump", {h0 = 34, a = 0.006, b = 0.004, ramp = 4, efficiency = 0.6, churn = 0.5, rated = 5.5, full_amps = 7, rated_flow = 40})
local mill_pumps = {
  new_pump("mill/pump-1", {h0 = 26, a = 0.0011, b = 0.0007, ramp = 3, efficiency = 0.66, churn = 1.2, rated = 15, full_amps = 18, rated_flow = 90}),
  new_pump("mill/pump-2", {h0 = 26, a = 0.0012, b = 0.0007, ramp = 3, efficiency = 0.64, churn = 1.2, rated = 15, full_amps = 18, rated_flow = 90}),
}
local pit_pumps = {
  new_pump("pit/dewater-1", {h0 = 95, a = 0.0010, b = 0.0012, ramp = 10, efficiency = 0.72, churn = 5, rated = 75, full_amps = 88, rated_flow = 150}),
  new_pump("pit/dewater-2", {h0 = 95, a = 0.0010, b = 0.0012, ramp = 10, efficiency = 0.72, churn = 5, rated = 75, full_amps = 88, rated_flow = 150}),
}
local ug_pumps = {
  new_pump("underground/ug-pump-1", {h0 = 260, a = 0.006, b = 0.004, ramp = 6, efficiency = 0.7, churn = 8, rated = 110, full_amps = 128, rated_flow = 90}),
  new_pump("underground/ug-pump-2", {h0 = 260, a = 0.006, b = 0.004, ramp = 6, efficiency = 0.7, churn = 8, rated = 110, full_amps = 128, rated_flow = 90}),
}
-- Between dam and crusher lies a hollow; over its rim the water runs on into the mill yard.
local hollow = basin {{0, 0}, {0.15, 300}, {0.4, 1000}, {0.8, 2700}, {1.2, 4900}, {1.6, 7700}, {2, 11200}, {2.5, 16800}, {3, 23600}, {4, 40000}, {5, 62000}}
local yard = basin {{0, 0}, {0.2, 300}, {0.5, 1500}, {1, 5000}, {1.5, 10000}, {3, 32000}}
local through, underway, soaked = 0, 0, 0  -- m3/h through the dam; m3 on its way; m3 in the ground
local mobile_pumps, yard_pump = {}, {flow = 0, on = false}
for i = 1, 4 do mobile_pumps[i] = {flow = 0, on = false} end
local second_reclaim, lead, lag_pump = false, false, false
local pit_lead, pit_second, ug_lead, ug_second, shaft_on = false, false, false, false, false
local seepage, crusher_load, crushed, bearing = 30, 0.6, 2412345, 45
local totals = {slurry = 5123456, feed = 2398765, tips = 3120, sump = 40210, shift = 1200, shaft_kwh = 2210, shaft_min = 51230}
local oil = 48
local bus = {
  mill = new_bus(4160, 0.004, 8.1e6), crusher = new_bus(4160, 0.004, 1.2e6), one = new_bus(4160, 0.004, 9.5e6),
  two = new_bus(600, 0.01, 3.3e6), aux = new_bus(600, 0.01, 41000), pit = new_bus(600, 0.01, 812000),
  tailings = new_bus(600, 0.01, 640000), ug = new_bus(600, 0.01, 1.1e6),
}

-- Tailings dam ------------------------------------------------------------------------------------
local function tailings(dt, slurry)
  local level = pond:level()
  -- One pump always; the second when the pond rises. Their pipe is one: they push against each other.
  second_reclaim = switch(second_reclaim, level, 3.25, 3.05)
  local both = reclaim[1].on and reclaim[2].on
  -- They feed the mill: when it stands, they do.
  run_pump(reclaim[1], not stopped.mill, 14 - level + (both and 4 or 0), dt, 0.92)
  run_pump(reclaim[2], second_reclaim and not stopped.mill, 14 - level + (both and 4 or 0), dt, 0.9)
  local wanted = reclaim[1].flow + reclaim[2].flow
  -- Seepage follows the head over the toe, slowly. A leak opens and closes within minutes, carries
  -- mud, and a little of it finds the toe drain; the rest is seen by nobody until it arrives.
  through = lag(through, leak * (1 - plugged), 600, dt)
  seepage = lag(seepage, 4.2 * math.max(level, 0) ^ 1.7 + 0.03 * through, 300, dt)
  local rained = rain * 120000 * 0.5 / 1000
  local out = wanted + seepage + 0.97 * through
  local left = pond:step(slurry + rained, out, dt)
  if left < out then
    for _, p in ipairs(reclaim) do p.flow = p.flow * left / math.max(out, 1e-9) end
  end
  -- What the weir lets by collects in the toe sump, and now and then a pump sends it to the mill.
  back.want = switch(back.want, toe:level(), 1.4, 0.4)
  run_pump(back, back.want, 12, dt)
  back.flow = toe:step(seepage * 0.5, back.flow, dt)
  totals.tips = totals.tips + rain * dt / 3600 / 0.2
  return reclaim[1].kw + reclaim[2].kw + back.kw
end

local function show_tailings()
  local level = pond:level()
  set("tailings/pond/level", level + noise(0.0008))
  set("tailings/pond/seepage", math.max(seepage + noise(0.15), 0))
  set("tailings/pond/turbidity", clamp(18 + through * 0.8 + noise(0.5), 0, 1000))
  set("tailings/pond/rain_rate", rain)
  set("tailings/pond/rain_total", totals.tips * 0.2)
  set("tailings/pond/reclaim_total", (reclaim[1].volume + reclaim[2].volume))
  set("tailings/pond/decant_level", clamp(level - 0.05 + noise(0.001), 0, 6))
  set("tailings/pond/air_temp", -8 + 4 * wave(86400))
  set("tailings/pond/battery", 26.6 + noise(0.02))
  for i = 1, 6 do
    set("tailings/pond/piezo_" .. i, math.max(0, 2 + level * (1.6 - 0.22 * i) + through * 0.004 * i + noise(0.003)))
  end
  set("tailings/pond/reclaim_1_running", reclaim[1].on)
  set("tailings/pond/reclaim_2_running", reclaim[2].on)
  set("tailings/pond/seepage_pump_running", back.on)
  set("tailings/pond/toe_sump_high", toe:level() > 1.7)
  set("tailings/pond/abutment_wet", through > 40)
  set("tailings/pond/heartbeat", math.floor(time()) % 65536)
  set("tailings/pond-radar/pv", level + noise(0.0015))
  set("tailings/pond-radar/sv", 10 - level)
  set("tailings/pond-radar/tv", 4 + 2 * wave(86400))
  set("tailings/pond-radar/qv", 46 + noise(0.3))
  for i, p in ipairs(reclaim) do
    local m = "tailings/reclaim-" .. i .. "-meter"
    set(m .. "/volume_flow", p.flow * (1 + noise(0.001)))
    set(m .. "/totalizer1", p.volume)
    set(m .. "/sensor_size", 0.25)
    set(m .. "/bus_framing_errors", 3)
    set(m .. "/bus_crc_errors", 12)
    set(m .. "/bus_ok_messages", math.floor(time() / 2) % 65536)
    show_danfoss(p.name, p)
  end
  show_cim(back.name, back, 12)
  -- 4 to 20 mA: header pressure 0..16 bar, wet well 0..6 m, and six that lie spare at 4 mA.
  local pressure = reclaim[1].speed > 0.02 and (reclaim[1].head or 0) / 10.2 or 0
  set("tailings/io/ai0", 4 + clamp(pressure, 0, 16))
  set("tailings/io/ai1", 4 + 16 * level / 6)
  for i = 2, 7 do set("tailings/io/ai" .. i, 4 + math.abs(noise(0.002))) end
  for i = 0, 7 do set("tailings/io/ai" .. i .. "_scaled", get("tailings/io/ai" .. i)) end
end

-- Between dam and mill ------------------------------------------------------------------------------
-- Most of the water runs down the ditch within the hour; some soaks into the ground, and comes out for
-- days after the hole is shut. Mobile pumps lift it into the polishing pond, which is not in any
-- balance here; thin water, mud below, and one or the other is always being mended.
local function flood(dt)
  local arrives = underway / 0.7
  underway = underway + (0.97 * through - arrives) * dt / 3600
  soaked = soaked + (0.15 * arrives - soaked / 40) * dt / 3600
  local inflow = 0.85 * arrives + soaked / 40
  local level, lifted = hollow:level(), 0
  for i, p in ipairs(mobile_pumps) do
    p.on = i <= mobile and not broken[i] and (p.on and level > 0.03 or level > 0.08)
    p.flow = p.on and pump_flow(18, 0.0012, 9 - level, 0.0004, 1) * (1 - 0.02 * i) or 0
    lifted = lifted + p.flow
  end
  -- Over the rim, unless somebody has built a dam on it.
  local over = not dam and level > 1.05 and 300 * (level - 1.05) ^ 1.5 or 0
  local left = hollow:step(inflow, lifted + over + (level > 0 and 2 or 0), dt)
  if left < lifted then
    for _, p in ipairs(mobile_pumps) do p.flow = p.flow * left / lifted end
  end
  local stands = yard:level()
  yard_pump.on = stopped.yard_pump ~= true and (yard_pump.on and stands > 0.02 or stands > 0.06)
  yard_pump.flow = yard:step(over, (yard_pump.on and 62 or 0) + (stands > 0 and 1 or 0), dt)
  if not yard_pump.on then yard_pump.flow = 0 end
end

local function show_flood()
  local d = "crusher/flood/"
  local level, stands = hollow:level(), yard:level()
  set(d .. "heartbeat", math.floor(time()) % 65536)
  set(d .. "crusher_level", clamp(level + noise(0.001), -0.02, 5))
  set(d .. "yard_level", clamp(stands + noise(0.001), -0.02, 3))
  set(d .. "battery", 12.9 + noise(0.01))
  for i, p in ipairs(mobile_pumps) do
    set(d .. "pump_" .. i .. "_running", p.on)
    set(d .. "pump_" .. i .. "_flow", math.max(0, p.flow * (1 + noise(0.004))))
  end
  set(d .. "yard_pump_running", yard_pump.on)
  set(d .. "yard_pump_flow", math.max(0, yard_pump.flow))
  for i, at in ipairs {0.12, 0.15, 0.18} do set(d .. "wet_" .. i, level > at) end
  set(d .. "test", false)
  set(d .. "switchroom_wet", level > 1.5)
  set(d .. "yard_wet", stands > 0.15)
end


-- Mill --------------------------------------------------------------------------------------------
local milling = {feed = 0, power = 0, slurry = 0, running = true, inflow = 0}

local function mill(dt, feed)
  feed = stopped.mill and 0 or feed
  local running = feed > 50
  local power = running and 1500 + 2.2 * feed + 20 * wave(31) or 0
  local slurry = running and 180 + 0.42 * feed + 4 * wave(53) + noise(1) or stopped.mill and 0 or 60
  -- The sump takes gland water, spillage and hosing; its controller starts one pump, then two.
  local inflow = 28 + 10 * wave(400) + (time() % 1800 < 240 and 55 or 0)
  if stopped.mill then inflow = 6 end
  local level = sump:level()
  lead = switch(lead, level, 0.9, 0.35)
  lag_pump = switch(lag_pump, level, 1.3, 0.6)
  run_pump(mill_pumps[1], lead, 11 - level, dt)
  run_pump(mill_pumps[2], lag_pump, 11 - level, dt)
  local wanted = mill_pumps[1].flow + mill_pumps[2].flow
  local left = sump:step(inflow, wanted, dt)
  if left < wanted then
    for _, p in ipairs(mill_pumps) do p.flow = p.flow * left / wanted end
  end
  totals.sump = totals.sump + left * dt / 3600
  totals.slurry = totals.slurry + slurry * dt / 3600
  totals.feed = totals.feed + feed * dt / 3600
  totals.shift = (totals.shift + feed * dt / 3600) % 10000
  milling.feed, milling.power, milling.slurry, milling.running = feed, power, slurry, running
  milling.inflow, milling.left = inflow, left
  return slurry, power + mill_pumps[1].kw + mill_pumps[2].kw + (running and 620 or stopped.mill and 25 or 240)
end

local function show_mill()
  local feed, power, slurry, running = milling.feed, milling.power, milling.slurry, milling.running
  local level, reclaimed = sump:level(), reclaim[1].flow + reclaim[2].flow
  set("mill/sump/reading_1", level / 3 * 100 + noise(0.02))
  set("mill/sump/volume_1", sump:volume() / 72 * 100)
  set("mill/sump/temperature_1", 11)
  set("mill/sump/relay_outputs.relay_1", lead)
  set("mill/sump/relay_outputs.relay_2", lag_pump)
  set("mill/sump/ma_input", 4 + 16 * level / 3)
  set("mill/sump/pumped_volume_1", totals.sump)
  set("mill/sump/totalizer_1", totals.sump)
  for i, on in ipairs {30, 43.33} do set("mill/sump/pump" .. i .. "_on_setpoint", on) end
  for i, off in ipairs {11.67, 20} do set("mill/sump/pump" .. i .. "_off_setpoint", off) end
  for i, p in ipairs(mill_pumps) do
    set("mill/sump/pump" .. i .. "_hours", p.hours)
    set("mill/sump/pump" .. i .. "_starts", p.starts % 10000)
    set("mill/sump-controller/p" .. i .. "_relay", p.on)
    set("mill/sump-controller/p" .. i .. "_running", p.speed > 0.1)
    show_cim(p.name, p, 11 - level)
  end
  set("mill/sump-controller/high_level", level > 1.6)
  set("mill/sump-controller/low_level", level < 0.2)
  set("mill/sump-controller/high_inflow", milling.inflow > 80)
  set("mill/sump-controller/overflow", level > 2.9)
  set("mill/sump-meter/volume_flow", milling.left * (1 + noise(0.001)))
  set("mill/sump-meter/totalizer1", totals.sump)
  set("mill/sump-meter/system_condition", 1)

  local d = "mill/process/"
  set(d .. "slurry_flow", slurry)
  set(d .. "slurry_density", running and 1.32 + 0.02 * wave(90) or 1.0)
  set(d .. "slurry_pressure", running and 6.4 + noise(0.05) or stopped.mill and 0.3 or 2.1)
  set(d .. "mill_feed", feed + noise(2))
  set(d .. "mill_power", power)
  set(d .. "mill_bearing_temp", 38 + power / 150)
  set(d .. "thickener_torque", 24 + 3 * wave(600))
  set(d .. "thickener_level", 2.4 + 0.2 * wave(1900))
  set(d .. "process_water_level", 5.5 + 0.4 * wave(1300))
  set(d .. "process_water_flow", running and reclaimed + 35 or stopped.mill and 0 or 20)
  set(d .. "fresh_water_flow", running and 38 or 5)
  set(d .. "gland_water_pressure", 7.2 + noise(0.02))
  set(d .. "flotation_air_flow", running and 1850 + noise(8) or 0)
  set(d .. "concentrate_flow", running and feed * 0.021 or 0)
  set(d .. "slurry_total", totals.slurry)
  set(d .. "feed_total", totals.feed)
  set(d .. "shift_tonnes", totals.shift)
  set(d .. "state", running and "running" or stopped.mill and "stopped" or "running on water")
  set(d .. "heartbeat", math.floor(time()) % 65536)
  set(d .. "mill_running", running)
  set(d .. "tailings_pump_1_running", not stopped.mill)
  set(d .. "tailings_pump_2_running", false)
  set(d .. "thickener_rake_running", true)
  set(d .. "flood_mill_floor", level > 2.95)
  set(d .. "flood_crusher_tunnel", hollow:level() > 0.15)
  set(d .. "flood_mcc_room", yard:level() > 0.35)
  set(d .. "flood_substation", hollow:level() > 2.9)
end

-- Primary crusher ---------------------------------------------------------------------------------
-- Trucks tip every four minutes: the cavity fills, the motor feels it, then it runs empty.
local crushing = {kw = 0, amps = 0, cavity = 0}

local function crusher(dt)
  local cycle = time() % 240
  local cavity = cycle < 150 and clamp(cycle / 20, 0, 1) or clamp(1 - (cycle - 150) / 25, 0, 1)
  if stopped.crusher then cavity = 0 end
  crusher_load = lag(crusher_load, cavity, 6, dt)
  local feed = ore * crusher_load * 1.35
  local kw = 75 + 190 * crusher_load + 12 * crusher_load * noise(1)
  kw = stopped.crusher and 0 or math.max(kw, 60)
  local amps = stopped.crusher and 0 or math.sqrt(kw ^ 2 + 90 ^ 2) * 1000 / (1.732 * 4160 * 0.95)
  crushed = crushed + feed * dt / 3600
  bearing = lag(bearing, stopped.crusher and 6 or 38 + 16 * crusher_load, stopped.crusher and 9000 or 1200, dt)
  crushing.kw, crushing.amps, crushing.cavity = kw, amps, cavity
  return feed, kw + (stopped.crusher and 0 or 85)
end

local function show_crusher()
  local kw, amps, cavity = crushing.kw, crushing.amps, crushing.cavity
  local wet = hollow:level() > 0.15
  local d = "crusher/crusher/"
  set(d .. "heartbeat", math.floor(time()) % 65536)
  set(d .. "state", stopped.crusher and "stopped" or crusher_load > 0.15 and "crushing" or "running empty")
  for _, n in ipairs {"lube_ok", "hydraulics_ok", "downstream_running", "no_emergency_stop", "guard_closed", "pit_dry"} do
    set(d .. "permissives." .. n, n ~= "pit_dry" or not wet)
  end
  for _, n in ipairs {"lube_pressure_low", "lube_temp_high", "bearing_temp_high", "overload", "plugged", "flood_switch"} do
    set(d .. "trips." .. n, n == "flood_switch" and wet)
  end
  set(d .. "motor_current", amps)
  set(d .. "motor_power", kw)
  set(d .. "cavity_level", clamp(100 * cavity, 0, 100))
  set(d .. "css", 165)
  set(d .. "lube_pressure", stopped.crusher and 0 or 2.4 + noise(0.01))
  set(d .. "lube_flow", stopped.crusher and 0 or 185 + noise(0.4))
  set(d .. "lube_tank_temp", bearing - 4)
  set(d .. "lube_return_temp", bearing)
  set(d .. "hydroset_pressure", 38 + 14 * crusher_load + noise(0.2))
  for i, n in ipairs {"eccentric", "pinion_de", "pinion_nde", "motor_de", "motor_nde"} do
    set(d .. "bearing_temp_" .. n, bearing + 6 - 2 * i)
  end
  set(d .. "tonnage_total", crushed)
  set(d .. "run_hours", 20345 + time() / 3600)
  set(d .. "start_permit", not wet)
  set(d .. "flood_switch", wet)
  d = "crusher/motor/"
  for i, n in ipairs {"ia", "ib", "ic"} do set(d .. n, amps * (1 + 0.005 * (i - 2))) end
  set(d .. "i_avg", amps)
  set(d .. "motor_load", amps / 52 * 100)
  set(d .. "equivalent_motor_load", amps / 52 * 100 + 1)
  set(d .. "avg_motor_load_learned", 68)
  set(d .. "current_unbalance", 1)
  set(d .. "time_between_starts_lockout", 0)
  set(d .. "restart_block_lockout", 0)
  set(d .. "learned_starting_current", 298)
  set(d .. "pretrip_hottest_stator", 91)
  set(d .. "hottest_stator_rtd", 60 + 25 * crusher_load)
  for i = 1, 6 do set(d .. "rtd" .. i, 60 + 25 * crusher_load - i) end
  for i = 7, 8 do set(d .. "rtd" .. i, bearing - i) end
end

-- Open pit and underground --------------------------------------------------------------------------
local function open_pit(dt)
  local level = pit:level()
  pit_lead = switch(pit_lead, level, 2.6, 1.4)
  pit_second = switch(pit_second, level, 3.6, 2.2)
  run_pump(pit_pumps[1], pit_lead, 62 - level, dt)
  run_pump(pit_pumps[2], pit_second, 62 - level, dt)
  pit:step(48 + rain * 60, pit_pumps[1].flow + pit_pumps[2].flow, dt)
  return pit_pumps[1].kw + pit_pumps[2].kw + 35
end

local function show_pit()
  for i, p in ipairs(pit_pumps) do
    show_sinamics(p.name, p)
    set(p.name .. "/ai0", pit:level() / 6 * 100 + noise(0.03))
    set(p.name .. "/ai1", clamp(p.flow / 2, 0, 100))
    for n = 0, 3 do set(p.name .. "/di" .. n, n == 0 and p.on or n == 1) end
  end
end

local below = {main = 20, east = 14, west = 11, moved = 0}

local function underground(dt)
  local inflow, moved = below, 0
  inflow.main, inflow.east, inflow.west = 20 + 2 * wave(900), 14 + wave(700), 11 + wave(1100)
  for _, side in ipairs {"east", "west"} do
    local b = under[side]
    local out = b:step(inflow[side], b:level() > 1.2 and 9 + 4 * b:level() or 0, dt)
    moved = moved + out
    under_total[side] = under_total[side] + out * dt / 3600
  end
  local level = under.main:level()
  ug_lead = switch(ug_lead, level, 3.4, 2.0)
  ug_second = switch(ug_second, level, 5.0, 3.0)
  run_pump(ug_pumps[1], ug_lead, 190 - level, dt)
  run_pump(ug_pumps[2], ug_second, 190 - level, dt)
  local out = under.main:step(inflow.main + moved, ug_pumps[1].flow + ug_pumps[2].flow, dt)
  under_total.main = under_total.main + out * dt / 3600
  below.moved = moved

  shaft_on = switch(shaft_on, shaft:level(), 2.2, 0.8)
  shaft:step(6, shaft_on and 34 or 0, dt)
  local shaft_kw = shaft_on and 11 or 0
  totals.shaft_kwh = totals.shaft_kwh + shaft_kw * dt / 3600
  if shaft_on then totals.shaft_min = totals.shaft_min + dt / 60 end
  return ug_pumps[1].kw + ug_pumps[2].kw + shaft_kw + 410
end

local function show_underground()
  for side, b in pairs(under) do
    local d = "underground/sumps/" .. side
    set(d .. "_sump_level", b:level() + noise(0.001))
    set(d .. "_inflow", math.max(0, below[side] + (side == "main" and below.moved or 0)))
    set(d .. "_pumped_total", under_total[side])
    set(d .. "_turbidity", 340 + 20 * wave(500))
  end
  local d = "underground/sumps/"
  set(d .. "heartbeat", math.floor(time()) % 65536)
  set(d .. "shaft_air_velocity", 6.2 + noise(0.03))
  set(d .. "refuge_air_pressure", 6.8)
  set(d .. "clear_water_pressure", 21 + noise(0.05))
  set(d .. "status.fan_running", true)
  set(d .. "status.bulkhead_door_closed", true)
  set(d .. "status.main_sump_high", under.main:level() > 6)
  set(d .. "status.power_ok", true)
  for _, p in ipairs(ug_pumps) do show_cim(p.name, p, 190 - under.main:level()) end
  d = "underground/shaft-pit/"
  set(d .. "pit_water_level", shaft:level())
  set(d .. "pit_max_water_level", 2.21)
  set(d .. "pit_power", shaft_on and 11000 or 0)
  set(d .. "pit_energy_trip", totals.shaft_kwh)
  set(d .. "operating_time_trip", totals.shaft_min)
  set(d .. "on_time", 801234 + time() / 60)
  set(d .. "pump_operation_time_pct", 18)
  set(d .. "multi_pump_operation_time_pct", 0)
  set(d .. "multi_pump_operation_time_max", 0)
end

-- Substations: what everybody uses, added up ------------------------------------------------------
local function power(dt, mill_kw, crusher_kw, tailings_kw, pit_kw, ug_kw)
  -- Switched off to protect it: mill and crusher have no power, whatever they wanted.
  local dead = stopped.substation_1
  for _, b in ipairs {bus.mill, bus.crusher, bus.one} do b.nominal = dead and 0 or 4160 end
  if dead then mill_kw, crusher_kw = 0, 0 end
  load_bus(bus.mill, mill_kw, 0.91, dt)
  load_bus(bus.crusher, crusher_kw, 0.86, dt)
  load_bus(bus.one, mill_kw + crusher_kw + (dead and 0 or 12), 0.9, dt)
  load_bus(bus.aux, 31 + 4 * wave(1200), 0.95, dt)
  load_bus(bus.tailings, tailings_kw + 8, 0.88, dt)
  load_bus(bus.pit, pit_kw, 0.87, dt)
  load_bus(bus.ug, ug_kw, 0.9, dt)
  load_bus(bus.two, bus.aux.kw + bus.tailings.kw + bus.pit.kw + bus.ug.kw, 0.89, dt)
  -- The transformer's oil follows its load over hours; its gases hardly move.
  oil = lag(oil, 30 + 12 * bus.one.kva / 2500, 3 * 3600, dt)
end

local function show_power()
  show_sel("substation-1/feeder-mill", bus.mill)
  show_sel("substation-1/feeder-crusher", bus.crusher)
  show_sel("substation-2/feeder-tailings", bus.tailings)
  show_meter("substation-1/incomer-1", bus.one, "kW", {ll = true, split = true})
  local d = "substation-1/incomer-1/"
  set(d .. "power_factor_total", bus.one.pf)
  set(d .. "current_n", 2 + noise(0.05))
  set(d .. "current_g", 0.2)
  set(d .. "energy_active_delivered", bus.one.kwh * 1000)
  set(d .. "energy_active_received", 0)
  set(d .. "energy_reactive_delivered", bus.one.kwh * 480)
  set(d .. "energy_reactive_received", 0)
  set(d .. "energy_apparent_delivered", bus.one.kwh * 1110)
  set(d .. "energy_apparent_received", 0)
  set(d .. "meter_model", "PM5560")
  set(d .. "serial_number", 20060214)
  show_meter("substation-2/incomer-2", bus.two, "W", {ll = true, split = true, pf = true})
  d = "substation-2/incomer-2/"
  set(d .. "pf_total", bus.two.pf)
  set(d .. "energy_active_import_t1", bus.two.kwh * 1000)
  set(d .. "energy_active_export_t1", 0)
  set(d .. "energy_reactive_import_t1", bus.two.kwh * 510)
  set(d .. "energy_apparent_t1", bus.two.kwh * 1120)
  show_meter("substation-2/auxiliaries", bus.aux, "W", {pf = true})
  d = "substation-2/auxiliaries/"
  set(d .. "pf_total", bus.aux.pf)
  set(d .. "energy_active_import", bus.aux.kwh)
  set(d .. "energy_active_export", 0)
  for i = 1, 3 do set(d .. "energy_import_l" .. i, bus.aux.kwh / 3) end
  set(d .. "type_code", "B23")
  show_meter("substation-2/feeder-pit", bus.pit, "kW", {ll = true, pf = true, no_hz = true})
  set("substation-2/feeder-pit/pf_total", bus.pit.pf)
  set("substation-2/feeder-pit/energy_active_in", bus.pit.kwh * 1000)
  set("substation-2/feeder-pit/energy_active_total", bus.pit.kwh * 1000)
  show_meter("pit/meter", bus.pit, "W", {ll = true, split = true, pf = true})
  d = "pit/meter/"
  set(d .. "pf_total", bus.pit.pf)
  set(d .. "current_sum", 3 * bus.pit.amps)
  set(d .. "current_n", 0.4)
  set(d .. "energy_import", bus.pit.kwh)
  set(d .. "energy_export", 0)
  set(d .. "energy_total", bus.pit.kwh)
  set(d .. "reactive_import", bus.pit.kwh * 0.56)
  set(d .. "reactive_export", 0)
  show_meter("underground/ug-meter", bus.ug, "W", {pf = true})
  d = "underground/ug-meter/"
  set(d .. "pf_total", bus.ug.pf)
  set(d .. "energy_import", bus.ug.kwh)
  set(d .. "energy_export", 0)
  for i = 1, 3 do set(d .. "energy_import_l" .. i, bus.ug.kwh / 3) end
  set(d .. "phase_sequence", "correct")
  set(d .. "model_id", 1650)

  set("substation-1/transformer/oil_temperature", oil)
  set("substation-1/transformer/relative_moisture", 9 + 0.2 * wave(5000))
end

function step(dt)
  local _, crusher_kw = crusher(dt)
  -- The mill eats from the stockpile, which evens out the trucks; for some days also from what
  -- portable crushers bring.
  local milled = ore * (0.93 + 0.02 * wave(2700))
  local slurry, mill_kw = mill(dt, milled)
  local tailings_kw = tailings(dt, slurry)
  flood(dt)
  local pit_kw = open_pit(dt)
  local ug_kw = underground(dt)
  power(dt, mill_kw, crusher_kw, tailings_kw, pit_kw, ug_kw)
end

function show()
  show_tailings()
  show_flood()
  show_mill()
  show_crusher()
  show_pit()
  show_underground()
  show_power()
end

-- What a story can tell ---------------------------------------------------------------------------
local acts = {
  leak = function(x) leak = x end,                -- m3/h through the dam
  plugged = function(x) plugged = x end,          -- 0 to 1
  dam = function(x) dam = x end,                  -- the barrier before the mill yard stands
  pumps = function(x) mobile = x end,             -- mobile pumps at the crusher, 0 to 4
  rain = function(x) rain = x end,                -- mm/h
  ore = function(x) ore = x end,                  -- t/h
  protect = function(x) stopped[x] = true end,    -- mill, crusher or substation_1: people stop it
  restart = function(x) stopped[x] = nil end,
  pump_down = function(x) broken[x] = true end,   -- 1 to 4
  pump_mended = function(x) broken[x] = nil end,
}

function act(name, x)
  local what = acts[name] or error("nothing is called " .. name .. " here")
  what(x)
end
