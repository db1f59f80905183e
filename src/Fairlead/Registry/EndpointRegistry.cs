using Fairlead.Registry;

namespace Fairlead.Diagnostics;

/// <summary>The live endpoints of this user, read without their help.</summary>
public static class EndpointRegistry
{
    /// <summary>All live endpoints.</summary>
    /// <exception cref="FairleadException">The runtime directory is there and not safe to use.</exception>
    public static IReadOnlyList<EndpointInfo> List() => Read().Endpoints;

    /// <summary>
    /// All live endpoints, and what was skipped because it is no sound entry. What dead processes left is removed on the way.
    /// A process may die, or close its endpoint, while this reads.
    /// </summary>
    /// <exception cref="FairleadException">The runtime directory is there and not safe to use.</exception>
    public static EndpointListing Read() => Read(RuntimeDirectory.Current());

    /// <summary>Who is bound to an address; options do not count. Null when nobody of this user is.</summary>
    /// <exception cref="FairleadException">The runtime directory is there and not safe to use.</exception>
    public static EndpointInfo? FindHolder(Address address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return FindHolder(address, RuntimeDirectory.Current());
    }

    internal static EndpointListing Read(RuntimeDirectory directory)
    {
        var endpoints = new List<EndpointInfo>();
        var skipped = new List<SkippedEntry>();
        if (!directory.Exists())
        {
            return new EndpointListing(endpoints, skipped);
        }

        var names = DeadParticipants.Names(directory, EndpointEntry.Folder);
        skipped.AddRange(
            names
                .Where(name => !EndpointEntry.IsName(name))
                .Select(name => new SkippedEntry(
                    $"{directory.Path}/{EndpointEntry.Folder}/{PlainText.OneLine(name)}", ErrorCode.Corrupt, "it has no entry's name")));

        foreach (var participant in names.Where(EndpointEntry.IsName).GroupBy(name => name[..name.IndexOf('-')], StringComparer.Ordinal))
        {
            if (DeadParticipants.TryRemove(directory, participant.Key, participant))
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
            skipped);
    }

    internal static EndpointInfo? FindHolder(Address address, RuntimeDirectory directory) =>
        Read(directory).Endpoints.FirstOrDefault(entry => entry.IsBound && IsAt(entry, address, directory));

    /// <summary>
    /// Who holds a socket file: by the file where the entry knows it, since the name may mean another file by now; else by the address. The
    /// kernel gives the number of the file to no other as long as the holder's socket is open, and the holder says before that it holds it
    /// no more.
    /// </summary>
    internal static EndpointInfo? FindSocketHolder(FileIdentity socket, Address address, RuntimeDirectory directory) =>
        Read(directory)
            .Endpoints.FirstOrDefault(entry =>
                entry.IsBound && (entry.Socket == FileIdentity.None ? IsAt(entry, address, directory) : entry.Socket == socket));

    private static bool IsAt(EndpointInfo entry, Address address, RuntimeDirectory directory) =>
        !entry.IsAddressCut && Address.TryParse(entry.Address, out var held) && held.Scheme == address.Scheme
            && (held.Place == address.Place || (directory.PathOf(address) is { } path && directory.PathOf(held) == path));
}
