using Fairlead.Framing;

namespace Fairlead.Patterns.Links;

/// <summary>What a pattern needs of a transport and allows its peers. One value per pattern.</summary>
internal sealed record PatternProfile
{
    // A bit for each kind of Takes.
    private readonly uint _taken;

    public required PatternKind Kind { get; init; }

    public required string Name { get; init; }

    /// <summary>The patterns that it talks to.</summary>
    public required PatternKind[] Peers { get; init; }

    /// <summary>The kinds of data message that it takes.</summary>
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
    public bool TalksBare { get; init; }

    /// <summary>Whether the coming and going of links stands among the messages, in order.</summary>
    public bool ReportsLinks { get; init; }

    /// <summary>Whether peers say what concerns it while its user only sends: a publisher hears of topics.</summary>
    public bool HearsAlways { get; init; }

    /// <summary>Whether each message may go to any of its peers: to one after the other that has room.</summary>
    public bool Spreads { get; init; }

    /// <summary>How many peers a bound endpoint serves at once.</summary>
    public int MostPeers { get; init; } = int.MaxValue;

    /// <summary>The policies for a full queue that make sense here; none where nothing is sent that could be full.</summary>
    public OverflowPolicy[] Policies { get; init; } = [];

    /// <summary>The one that holds where none is chosen.</summary>
    public OverflowPolicy Policy { get; init; } = OverflowPolicy.Wait;

    public bool Accepts(MessageKind kind) => (byte)kind < 32 && (_taken & (1u << (byte)kind)) != 0;

    /// <summary>Refuses what the transport cannot do.</summary>
    /// <exception cref="FairleadException">NotSupported, with what is missing.</exception>
    public void Check(Address address, TransportCapabilities capabilities, bool isForeign, string? remedy)
    {
        if (isForeign && !TalksBare)
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                $"a {Name} needs Fairlead's own framing",
                "Leave ?framing= away at both ends, or use a Sender, Receiver, Pair or Hub")
            {
                Address = address,
            };
        }

        TransportCapabilities missing = Needs & ~capabilities;
        if (missing != 0)
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                $"a {Name} needs a transport that is {Describe(missing)}, and {address.Scheme}:// is not",
                remedy ?? "Choose another address")
            {
                Address = address,
            };
        }
    }

    /// <summary>Refuses a policy that makes no sense here.</summary>
    /// <exception cref="FairleadException">NotSupported, with those that do.</exception>
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
                ? $"a {Name} sends nothing that could find a queue full, so full={mode.Written()} says nothing there"
                : $"a {Name} cannot have full={mode.Written()}",
            Policies.Length == 0 ? "Give the option to the end that sends" : $"It may have: {which}")
        {
            Address = address,
        };
    }

    /// <summary>Refuses a stream where the addresses or the pattern cannot carry one.</summary>
    /// <exception cref="FairleadException">NotSupported, with what is in the way.</exception>
    public void CheckStream(Address address, TransportCapabilities capabilities, StreamFraming framing, bool isBound, bool canRead)
    {
        if (framing is not (FairleadFraming or RawFraming))
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                "a stream has no boundaries, and this framing does",
                "Say ?framing=none to read and write bytes, or leave it away at both ends")
            {
                Address = address,
            };
        }

        const TransportCapabilities Needed = TransportCapabilities.Reliable | TransportCapabilities.Ordered;
        if ((capabilities & Needed) != Needed)
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                $"{address.Scheme}:// may lose or reorder what is sent, which a stream cannot show",
                "Choose another address")
            {
                Address = address,
            };
        }

        const TransportCapabilities Many = TransportCapabilities.ManyPeers | TransportCapabilities.Duplex;
        if (isBound && canRead && MostPeers > 1 && (capabilities & Many) == Many)
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                $"a bound {Name} may hear several peers at once, whose bytes would be mixed",
                "Take a Pair, which has one peer at a time, or connect the Receiver")
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
