namespace Fairlead.TestPeer;

/// <summary>A type with fields of several kinds, of which two processes compare the layout.</summary>
/// <param name="IsOn">One byte.</param>
/// <param name="Speed">Behind a gap.</param>
/// <param name="Day">An enumeration.</param>
/// <param name="Where">A structure.</param>
public readonly record struct Telemetry(bool IsOn, double Speed, DayOfWeek Day, (float X, float Y) Where);
