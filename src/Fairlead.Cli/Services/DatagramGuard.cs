using System.Globalization;

namespace Fairlead.Cli.Services;

/// <summary>
/// Decides which datagrams a service answers, because their sender may be forged: one forged datagram makes two services answer each
/// other without end (CVE-1999-0103, CVE-2024-2169). Not synchronized: one thread serves.
/// </summary>
/// <remarks>
/// A sender on a well-known port, or on the port of this service, is a service. Others look like clients, so a datagram is
/// left out of a long chain without a pause: that ends a loop, and costs a client what the network may cost it, too.
/// </remarks>
/// <param name="port">The port of this service.</param>
/// <param name="time">The clock.</param>
internal sealed class DatagramGuard(int port, TimeProvider time)
{
    /// <summary>The length of a chain of which each datagram follows the one before within <see cref="Pause"/>.</summary>
    public const int LongestChain = 4096;

    /// <summary>A sender that has been silent for so long begins a new chain.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    // Ports below are those of services; a client would need a privilege to use one.
    private const int FirstOfClients = 1024;

    // More senders than a server has clients: then all chains begin anew. An attacker that forges many senders makes a loop longer, and not
    // endless.
    private const int MostSenders = MessageClients.Most;

    private readonly Dictionary<string, Chain> _chains = new(StringComparer.Ordinal);

    /// <summary>Returns whether a datagram is answered.</summary>
    /// <param name="sender">The host and the port from which it came, or seems to have come.</param>
    public bool Answers(string sender)
    {
        int from = int.Parse(sender.AsSpan(sender.LastIndexOf(':') + 1), NumberStyles.None, CultureInfo.InvariantCulture);
        if (from < FirstOfClients || from == port)
        {
            return false;
        }

        long now = time.GetTimestamp();
        Chain chain = _chains.GetValueOrDefault(sender);
        chain = chain.Count > 0 && time.GetElapsedTime(chain.Last, now) < Pause
            ? new Chain(chain.Count + 1, now)
            : new Chain(1, now);
        bool isTooLong = chain.Count > LongestChain;
        if (_chains.Count >= MostSenders && !_chains.ContainsKey(sender))
        {
            _chains.Clear();
        }

        _chains[sender] = isTooLong ? default : chain;
        return !isTooLong;
    }

    private readonly record struct Chain(int Count, long Last);
}
