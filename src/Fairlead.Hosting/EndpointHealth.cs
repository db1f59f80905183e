using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Fairlead.Hosting;

/// <summary>The health of one endpoint, and the text that explains it.</summary>
internal readonly record struct EndpointHealth(HealthStatus Status, string Text)
{
    /// <summary>That of one which opens at its first use.</summary>
    public static readonly EndpointHealth NotOpen = new(HealthStatus.Healthy, "not open yet");

    /// <summary>That of one which could not be opened.</summary>
    public static EndpointHealth Of(Exception problem) => new(HealthStatus.Unhealthy, problem.Message);

    /// <summary>That of one which has ended.</summary>
    public static EndpointHealth Of(EndpointEnd end) =>
        new(HealthStatus.Unhealthy, $"it has ended ({end.Reason}), and opens again at its next use");

    /// <summary>That of an open one.</summary>
    /// <param name="open">The endpoint.</param>
    /// <param name="change">The last change of its state, if there was one.</param>
    /// <param name="needsPeer">Whether it is of no use without a peer.</param>
    /// <param name="maxDepth">How many messages may wait; null: any number.</param>
    public static EndpointHealth Of(MessagingEndpoint open, EndpointStateChange? change, bool needsPeer, long? maxDepth)
    {
        if (change is { State: EndpointState.Reconnecting or EndpointState.Blocked })
        {
            string detail = change.Detail is { } why ? $": {why}" : "";
            return new EndpointHealth(
                HealthStatus.Degraded,
                change.State == EndpointState.Blocked
                    ? $"the broker reads nothing{detail}"
                    : string.Create(CultureInfo.InvariantCulture, $"it reconnects, attempt {change.Attempt}{detail}"));
        }

        // A stopped peer that has left since is no longer of interest.
        if (change is { State: EndpointState.PeerStopped, Peer: { } stopped } && open.Peers.Contains(stopped))
        {
            return new EndpointHealth(HealthStatus.Degraded, $"messages wait for {stopped}, which is stopped");
        }

        int peers = open.Peers.Count;
        if (peers == 0 && needsPeer)
        {
            return new EndpointHealth(HealthStatus.Unhealthy, "its peer is lost, and it opens again at its next use");
        }

        long depth = open.Statistics.QueueDepth;
        string waiting = string.Create(CultureInfo.InvariantCulture, $"{peers} peers, {depth} messages wait");
        return depth > maxDepth
            ? new EndpointHealth(
                HealthStatus.Degraded, string.Create(CultureInfo.InvariantCulture, $"{waiting}, and at most {maxDepth} may"))
            : new EndpointHealth(HealthStatus.Healthy, waiting);
    }
}
