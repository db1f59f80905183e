using Fairlead.Logs;

namespace Fairlead.Cli.Tour;

/// <summary>A transport on the tour.</summary>
internal sealed record TourTransport(string Scheme) : TourGround(Scheme)
{
    /// <summary>Whether it connects processes; one that does not is shown inside a single process.</summary>
    private bool CrossesProcesses => Scheme != "inproc";

    private bool IsInherited => Scheme == "fd";

    public override IEnumerable<TourPlay> Plays(string name, string? broker) => Scenarios.Talks.Select(scenario =>
    {
        var address = NeedsBroker
            ? $"amqp://{broker}/?name={name}-{scenario.Name}"
            : AddressNamed($"{name}-{scenario.Name}", scenario);
        var row = new TourRow(Scheme, scenario, CrossesProcesses ? 1 + scenario.Joiners : 1);
        return new TourPlay(row, address.ToString(), () => Clear(address))
        {
            IsInherited = IsInherited,
            Refusal = Refusal(address, scenario),
        };
    });

    /// <summary>
    /// Returns a place with a name or, without names, on this host at a free port. If messages may be lost without an option, it adds the
    /// option.
    /// </summary>
    private Address AddressNamed(string name, TalkScenario scenario) =>
        IsInherited ? Address.Parse("fd://3,4")
        : Scheme == "fifo" ? FifoNamed(name, scenario)
        : Scheme == "log" ? $"log://{Path.GetTempPath().TrimEnd('/')}/fairlead-{name}?segment=16MiB"
        : Scheme == "udp" ? "udp://127.0.0.1:0?reliable=true"
        : Address.TryParse($"{Scheme}://{name}", out var named) ? named : Address.Parse($"{Scheme}://127.0.0.1:0");

    /// <summary>Returns why a scenario cannot be played although each of its ends could; null if it can.</summary>
    private static string? Refusal(Address address, TalkScenario scenario)
    {
        var has = TransportCatalog.CapabilitiesOf(address);
        return !has.HasFlag(TransportCapabilities.Reliable) ? "it may lose messages, and every message counts here"
            : !has.HasFlag(TransportCapabilities.Duplex) && !scenario.IsOneWay ? "it carries nothing back, not even a receipt"
            : !has.HasFlag(TransportCapabilities.ManyPeers) && scenario.Joiners > 1 ? "it connects two ends, and this pattern needs more"
            : address.Scheme == "amqp" ? BrokerRefusal(scenario)
            : scenario.Refusal(address.Scheme);
    }

    /// <summary>Returns why a scenario is not one for a broker.</summary>
    private static string? BrokerRefusal(TalkScenario scenario) => scenario.Name switch
    {
        "survey" => "a requester does not see the responders behind a broker",
        "echo" => "a broker carries messages, and no plain bytes",
        "publish" => "a publisher does not see the subscribers behind a broker, which this row counts",
        "work" => "the broker is the work queue",
        _ => null,
    };

    private static void Clear(Address address)
    {
        if (address.Scheme == "log")
        {
            MappedLog.Remove(address);
        }
    }

    /// <summary>
    /// Returns one FIFO for one-way talks, two for the others. Lines of the input may be longer than what stays whole among several
    /// writers; there is one writer.
    /// </summary>
    private static Address FifoNamed(string name, TalkScenario scenario) =>
        scenario.IsOneWay ? $"fifo://{name}?writers=1" : $"fifo://{name}.a,{name}.b";
}
