using System.Runtime.CompilerServices;
using Fairlead.Registry;

namespace Fairlead.Diagnostics;

/// <summary>Lists the live endpoints of this user, without their help.</summary>
public static class EndpointRegistry
{
    /// <summary>Returns all live endpoints.</summary>
    /// <exception cref="FairleadException">The runtime directory exists and is not safe to use.</exception>
    public static IReadOnlyList<EndpointInfo> List() => Read().Endpoints;

    /// <summary>
    /// Returns all live endpoints, and the files that were skipped because they are not valid entries. It removes what dead processes left.
    /// A process may die, or close its endpoint, during the call.
    /// </summary>
    /// <exception cref="FairleadException">The runtime directory exists and is not safe to use.</exception>
    public static EndpointListing Read() => Read(RuntimeDirectory.Current());

    /// <summary>
    /// Returns the endpoint that is bound to an address, ignoring options; null if no process of this user is bound there.
    /// </summary>
    /// <exception cref="FairleadException">The runtime directory exists and is not safe to use.</exception>
    public static EndpointInfo? FindHolder(Address address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return FindHolder(address, RuntimeDirectory.Current());
    }

    /// <summary>
    /// Watches which endpoints live at an address, of any pattern: those that are bound there, and those that are connected to it. Returns
    /// them at first, also if there are none, and again after each change.
    /// </summary>
    /// <remarks>
    /// The kernel tells of changes, also of a process that is killed. Between two results an endpoint may have come and gone. Options of
    /// the address are ignored.
    /// </remarks>
    /// <param name="address">The address.</param>
    /// <param name="cancellationToken">Ends the enumeration.</param>
    /// <exception cref="FairleadException">The runtime directory is not safe to use, or cannot be created.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static IAsyncEnumerable<IReadOnlyList<EndpointInfo>> WatchAsync(Address address, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(address);
        return WatchAsync(address, RuntimeDirectory.Current(), cancellationToken);
    }

    /// <summary>Returns the endpoints at an address.</summary>
    internal static IEnumerable<EndpointInfo> Find(Address address, RuntimeDirectory directory) =>
        Read(directory).Endpoints.Where(entry => IsAt(entry, address, directory));

    internal static EndpointListing Read(RuntimeDirectory directory)
    {
        var endpoints = new List<EndpointInfo>();
        var skipped = new List<SkippedEntry>();
        var ended = new List<EndpointInfo>();
        if (!directory.Exists())
        {
            return new EndpointListing(endpoints, skipped);
        }

        var names = DeadParticipants.Names(directory, EndpointEntry.Folder);
        skipped.AddRange(
            names
                .Where(name => !EndpointEntry.IsName(name))
                .Select(name => new SkippedEntry(
                    $"{directory.Path}/{EndpointEntry.Folder}/{PlainText.OneLine(name)}", ErrorCode.Corrupt, "not an entry's name")));

        foreach (var participant in names.Where(EndpointEntry.IsName).GroupBy(name => name[..name.IndexOf('-')], StringComparer.Ordinal))
        {
            if (DeadParticipants.TryRemove(directory, participant.Key, participant, ended))
            {
                continue;
            }

            foreach (var name in participant)
            {
                var entry = EndpointEntryReader.Read($"{directory.Path}/{EndpointEntry.Folder}/{name}", out var fault);
                if (entry is not null)
                {
                    endpoints.Add(entry);
                }
                else if (fault is not null)
                {
                    skipped.Add(fault);
                }
            }
        }

        return new EndpointListing(
            [
                .. endpoints
                    .OrderBy(entry => entry.Address, StringComparer.Ordinal)
                    .ThenByDescending(entry => entry.IsBound)
                    .ThenBy(entry => entry.Since),
            ],
            skipped)
        {
            Ended = ended,
        };
    }

    internal static EndpointInfo? FindHolder(Address address, RuntimeDirectory directory) =>
        Find(address, directory).FirstOrDefault(static entry => entry.IsBound);

    /// <summary>
    /// Finds the holder of a socket file: by the file, if the entry has it, because the name may refer to another file by now; otherwise by
    /// the address. The kernel does not reuse the number of the file while the holder's socket is open, and the holder withdraws its claim
    /// before that.
    /// </summary>
    internal static EndpointInfo? FindSocketHolder(FileIdentity socket, Address address, RuntimeDirectory directory) =>
        Read(directory)
            .Endpoints.FirstOrDefault(entry =>
                entry.IsBound && (entry.Socket == FileIdentity.None ? IsAt(entry, address, directory) : entry.Socket == socket));

    private static async IAsyncEnumerable<IReadOnlyList<EndpointInfo>> WatchAsync(
        Address address, RuntimeDirectory directory, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using EndpointWatch watch = new(directory, address);
        await foreach (IReadOnlyList<EndpointInfo> endpoints in watch.RunAsync(cancellationToken).ConfigureAwait(false))
        {
            yield return endpoints;
        }
    }

    private static bool IsAt(EndpointInfo entry, Address address, RuntimeDirectory directory) =>
        !entry.IsAddressCut && Address.TryParse(entry.Address, out var held) && held.Scheme == address.Scheme
            && (held.Place == address.Place || (directory.PathOf(address) is { } path && directory.PathOf(held) == path));
}
