using System.Net;

namespace Fairlead.Rpc.Matchmaking;

/// <summary>The addresses of entries at a matchmaker on the network, as servers write them and as clients call them.</summary>
/// <remarks>
/// Every process that reaches a matchmaker may register there. An entry therefore names a scheme and a place only. Options would choose
/// files, credentials and trust anchors of the client, or the time for which it waits; the client takes its own.
/// </remarks>
internal static class EntryAddress
{
    private static readonly string[] Broker = ["amqp", "amqps"];
    private static readonly string[] Local = ["shm", "unix", "unixpacket"];
    private static readonly string[] Network = ["tcp", "tls", "udp"];

    /// <summary>The options by which a client proves who it is, and verifies who the server is.</summary>
    private static readonly string[] Trust = ["authority", "certificate", "key"];

    /// <summary>Whether a text is an address as entries have it. The text is another program's.</summary>
    public static bool IsOne(string text)
    {
        try
        {
            Address address = Address.Parse(text);
            string scheme = address.Scheme;
            return (Broker.Contains(scheme) || Local.Contains(scheme) || Network.Contains(scheme)) && Bare(address) == address;
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException or FairleadException)
        {
            return false;
        }
    }

    /// <summary>Whether every host that reaches an address may connect to it: others than this one, without a certificate.</summary>
    public static bool IsOpen(Address address)
    {
        bool isOfOneHost = address.Host is "localhost" || (IPAddress.TryParse(address.Host, out IPAddress? ip) && IPAddress.IsLoopback(ip));
        return Network.Contains(address.Scheme) && !isOfOneHost && (address.Scheme != "tls" || address.Option("authority") is null);
    }

    /// <summary>Returns an address of a server as an entry has it: without credentials, and without options that are not a part of
    /// the place.</summary>
    public static Address Bare(Address address)
    {
        Address bare = Address.Parse(WithoutUser(address));
        string? part = Broker.Contains(address.Scheme) ? "name" : address.Scheme == "udp" ? "reliable" : null;
        return part is not null && address.Option(part) is { } value ? bare.With(part, value) : bare;
    }

    /// <summary>Returns the address that a client calls, or null if it does not use this one.</summary>
    /// <param name="entry">The address of the entry.</param>
    /// <param name="matchmaker">The client's address of the matchmaker, which has the client's credentials and trust.</param>
    /// <param name="schemes">The schemes that the client uses; null: those that are as safe as the matchmaker's.</param>
    public static Address? ForClient(Address entry, Address matchmaker, IReadOnlyCollection<string>? schemes)
    {
        if (!(schemes ?? AsSafeAs(matchmaker.Scheme)).Contains(entry.Scheme))
        {
            return null;
        }

        if (Broker.Contains(entry.Scheme))
        {
            // The client would send its password to the broker of the entry: only to that which it has named itself.
            return entry.Scheme == matchmaker.Scheme && WithoutUser(entry) == WithoutUser(matchmaker) && entry.Option("name") is { } name
                ? matchmaker.With("name", name)
                : null;
        }

        if (entry.Scheme == "tls" && matchmaker.Scheme == "tls")
        {
            foreach (string option in Trust)
            {
                entry = matchmaker.Option(option) is { } value ? entry.With(option, value) : entry;
            }
        }

        return entry;
    }

    /// <summary>The schemes that are used where the client names none.</summary>
    private static string[] AsSafeAs(string matchmaker) => matchmaker switch
    {
        "tls" => ["tls"],
        "amqps" => ["amqps", "tls"],
        "amqp" => ["amqp", .. Network],
        "tcp" or "udp" => Network,
        _ => [.. Local, .. Network],
    };

    private static string WithoutUser(Address address)
    {
        string text = address.WithoutOptions().ToString();
        if (!Broker.Contains(address.Scheme))
        {
            return text;
        }

        int start = text.IndexOf("://", StringComparison.Ordinal) + 3;
        int slash = text.IndexOf('/', start);
        int at = text.LastIndexOf('@', (slash < 0 ? text.Length : slash) - 1);
        return at < start ? text : text.Remove(start, at + 1 - start);
    }
}
