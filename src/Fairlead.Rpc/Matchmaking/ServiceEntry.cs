using System.Globalization;

namespace Fairlead.Rpc.Matchmaking;

/// <summary>An instance of a service, as a server tells it to a matchmaker on the network.</summary>
internal sealed record ServiceEntry
{
    private const int MostAddresses = 4;

    /// <summary>The longest text, in characters.</summary>
    public const int MostText = 256;

    /// <summary>The name of the service.</summary>
    [RpcMember(1)]
    public string Name { get; init; } = "";

    /// <summary>The name of its contract, or the names of several.</summary>
    [RpcMember(2)]
    public string Contract { get; init; } = "";

    /// <summary>The hash of its contract, or of all of them together.</summary>
    [RpcMember(3)]
    public ulong Hash { get; init; }

    /// <summary>Its addresses for other hosts, the best first.</summary>
    [RpcMember(4)]
    public IReadOnlyList<string> Addresses { get; init; } = [];

    /// <summary>The name of its host.</summary>
    [RpcMember(5)]
    public string Host { get; init; } = "";

    /// <summary>Its process, at its host.</summary>
    [RpcMember(6)]
    public int ProcessId { get; init; }

    /// <summary>The program of the process, without its arguments: strangers see it.</summary>
    [RpcMember(7)]
    public string Program { get; init; } = "";

    /// <summary>When it began.</summary>
    [RpcMember(8)]
    public DateTimeOffset Since { get; init; }

    /// <summary>The label of its server.</summary>
    [RpcMember(9)]
    public string Label { get; init; } = "";

    /// <summary>Returns a text as an entry may have it.</summary>
    public static string Cut(string text) =>
        new([.. text.Select(static letter => char.IsControl(letter) || char.IsSurrogate(letter) ? '?' : letter).Take(MostText)]);

    /// <summary>Returns the fault of the entry, or null. The entry is another program's: no part of it has been checked.</summary>
    public string? Fault()
    {
        if (!ServiceName.IsName(Name))
        {
            return "its name is not one of a service";
        }

        if (Host.Length == 0)
        {
            return "it names no host";
        }

        if (Addresses is not { Count: > 0 and <= MostAddresses })
        {
            return string.Create(CultureInfo.InvariantCulture, $"it has not 1 to {MostAddresses} addresses");
        }

        string[] texts = [Contract, Host, Program, Label, .. Addresses];
        return Array.Exists(texts, static text => text.Length > MostText || text.Any(char.IsControl))
            ? string.Create(CultureInfo.InvariantCulture, $"a text of it is longer than {MostText} characters, or has control characters")
            : Addresses.All(EntryAddress.IsOne)
                ? null
                : "an address of it is not one that clients can call: a scheme and a place, without options";
    }

    /// <summary>Returns it as clients see it.</summary>
    public ServiceInstance ToInstance() => new(
        Name, Contract, Hash, [.. Addresses.Select(Address.Parse)], ProcessId, Program, Since, Clients: 0, Calls: 0)
    {
        Id = Addresses[0],
        Label = Label,
        Host = Host,
    };
}
