using Fairlead.Framing;

namespace Fairlead.Patterns.Links.Values;

/// <summary>The requirements of a pattern for transports and peers. One value per pattern.</summary>
internal sealed record PatternProfile
{
    // One bit per kind in Takes.
    private readonly uint _taken;

    public required PatternKind Kind { get; init; }

    public required string Name { get; init; }

    /// <summary>The patterns that it talks to.</summary>
    public required PatternKind[] Peers { get; init; }

    /// <summary>The kinds of data message that it accepts.</summary>
    public MessageKind[] Takes
    {
        get;
        init
        {
            field = value;
            foreach (MessageKind kind in value)
            {
                _taken |= 1u << (int)kind;
            }
        }
    } = [];

    public required TransportCapabilities Needs { get; init; }

    /// <summary>Whether it works with programs that do not speak Fairlead's protocol.</summary>
    public bool TalksRaw { get; init; }

    /// <summary>Whether joining and leaving links appear among the messages, in order.</summary>
    public bool ReportsLinks { get; init; }

    /// <summary>Whether peers send it control data even while its user only sends: a publisher learns of topics.</summary>
    public bool HearsAlways { get; init; }

    /// <summary>Whether each message may go to any peer: round robin over those with capacity.</summary>
    public bool Spreads { get; init; }

    /// <summary>The most peers of a bound endpoint at one time.</summary>
    public int MostPeers { get; init; } = int.MaxValue;

    /// <summary>The overflow policies that make sense here; none if the pattern sends nothing that could fill a queue.</summary>
    public OverflowPolicy[] Policies { get; init; } = [];

    /// <summary>The default policy.</summary>
    public OverflowPolicy Policy { get; init; } = OverflowPolicy.Wait;

    public bool Accepts(MessageKind kind) => (byte)kind < 32 && (_taken & (1u << (byte)kind)) != 0;

    /// <summary>Refuses a transport that lacks a capability.</summary>
    /// <exception cref="FairleadException">NotSupported, with the missing capability.</exception>
    public void Check(Address address, TransportCapabilities capabilities, bool isForeign, string? remedy)
    {
        if (isForeign && !TalksRaw)
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                $"a {Name} needs Fairlead's own framing",
                "Remove ?framing= at both ends, or use a Sender, Receiver, Pair or Hub.")
            {
                Address = address,
            };
        }

        TransportCapabilities missing = Needs & ~capabilities;
        if (missing != 0)
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                $"a {Name} needs a transport that is {Describe(missing)}, but {address.Scheme}:// is not",
                remedy ?? "Choose another address.")
            {
                Address = address,
            };
        }
    }

    /// <summary>Refuses a policy that makes no sense here.</summary>
    /// <exception cref="FairleadException">NotSupported, with the policies that do.</exception>
    public void CheckPolicy(Address address, OverflowPolicy? full)
    {
        if (full is not { } mode || Array.IndexOf(Policies, mode) >= 0)
        {
            return;
        }

        string which = string.Join(", ", Policies.Select(static policy => policy.Written()));
        throw new FairleadException(
            ErrorCode.NotSupported,
            Policies.Length == 0
                ? $"full={mode.Written()} has no effect on a {Name}, because it sends nothing that could fill a queue"
                : $"a {Name} does not support full={mode.Written()}",
            Policies.Length == 0 ? "Give the option to the end that sends." : $"It supports: {which}.")
        {
            Address = address,
        };
    }

    /// <summary>Refuses a stream if the address or the pattern cannot carry one.</summary>
    /// <exception cref="FairleadException">NotSupported, with the obstacle.</exception>
    public void CheckStream(
        Address address, TransportCapabilities capabilities, StreamFraming framing, OverflowPolicy policy, bool isBound, bool canRead)
    {
        if (framing is not (FairleadFraming or RawFraming))
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                "a stream has no message boundaries, but this framing has",
                "Use ?framing=none to read and write bytes, or remove ?framing= at both ends.")
            {
                Address = address,
            };
        }

        const TransportCapabilities Needed = TransportCapabilities.Reliable | TransportCapabilities.Ordered;
        if ((capabilities & Needed) != Needed)
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                $"{address.Scheme}:// may lose or reorder messages, which a stream cannot represent",
                "Choose another address.")
            {
                Address = address,
            };
        }

        if (policy.Drops())
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                $"full={policy.Written()} drops messages when the peer does not read, and a stream cannot represent the gaps",
                "Remove full=: a stream waits for its reader.")
            {
                Address = address,
            };
        }

        const TransportCapabilities Many = TransportCapabilities.ManyPeers | TransportCapabilities.Duplex;
        if (isBound && canRead && MostPeers > 1 && (capabilities & Many) == Many)
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                $"a bound {Name} may have several peers at the same time, whose bytes a stream would mix",
                "Use a Pair, which has one peer at a time, or connect the Receiver.")
            {
                Address = address,
            };
        }
    }

    private static string Describe(TransportCapabilities missing)
    {
        List<string> words = [];
        foreach ((TransportCapabilities flag, string word) in new[]
        {
            (TransportCapabilities.Duplex, "duplex"),
            (TransportCapabilities.Reliable, "reliable"),
            (TransportCapabilities.Ordered, "ordered"),
            (TransportCapabilities.KeepsBoundaries, "able to keep message boundaries"),
            (TransportCapabilities.ManyPeers, "able to serve several peers"),
            (TransportCapabilities.Protocol, "able to carry Fairlead's protocol"),
        })
        {
            if ((missing & flag) != 0)
            {
                words.Add(word);
            }
        }

        return string.Join(" and ", words);
    }
}
