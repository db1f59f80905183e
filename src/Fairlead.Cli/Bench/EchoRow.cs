namespace Fairlead.Cli.Bench;

/// <summary>The measurements of one mode.</summary>
/// <param name="Mode">How the server deals with several clients.</param>
/// <param name="First">From the beginning of connecting to the first answer, once a connection.</param>
/// <param name="RoundTrip">From a question to its answer on an established connection.</param>
/// <param name="Seconds">The duration of all.</param>
internal sealed record EchoRow(string Mode, Percentiles First, Percentiles RoundTrip, double Seconds)
{
    /// <summary>Answers a second, of all clients together.</summary>
    public double Rate => (First.Count + RoundTrip.Count) / Seconds;
}
