using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Fairlead.Diagnostics;
using Fairlead.Registry;

namespace Fairlead.Transports.Tcp;

/// <summary>Finds the process that listens on a TCP port of this machine, to name it in an error.</summary>
internal static class PortHolder
{
    private const string ListenState = "0A";

    /// <summary>Returns the process that prevents an address from being bound.</summary>
    /// <remarks>Null if it is not visible: a process of another user or network namespace, or one that has ended.</remarks>
    /// <param name="wanted">The address to bind.</param>
    /// <param name="directory">The runtime directory of the registry, if it is not the current one.</param>
    public static Holder? Find(IPEndPoint wanted, RuntimeDirectory? directory = null) => Published(wanted, directory) ?? InKernel(wanted);

    private static Holder? Published(IPEndPoint wanted, RuntimeDirectory? directory)
    {
        try
        {
            return EndpointRegistry.Read(directory ?? RuntimeDirectory.Current()).Endpoints.FirstOrDefault(entry => entry.IsBound
                && Address.TryParse(entry.Address, out var held) && held.Scheme is "tcp" or "tls" && held.Port == wanted.Port
                && (!IPAddress.TryParse(held.Host, out var ip) || Overlap(ip, wanted.Address)))?.Holder;
        }
        catch (FairleadException)
        {
            // The registry cannot be trusted, which leaves the kernel's tables.
            return null;
        }
    }

    // The socket tables contain the inode of each listening socket. The descriptors of each accessible process show its sockets.
    private static Holder? InKernel(IPEndPoint wanted)
    {
        var inodes = Listeners("/proc/net/tcp", wanted).Concat(Listeners("/proc/net/tcp6", wanted)).ToHashSet(StringComparer.Ordinal);
        if (inodes.Count == 0)
        {
            return null;
        }

        foreach (var process in Entries("/proc"))
        {
            if (!int.TryParse(process.AsSpan(process.LastIndexOf('/') + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var pid))
            {
                continue;
            }

            foreach (var descriptor in Entries($"{process}/fd"))
            {
                if (inodes.Contains(Target(descriptor)))
                {
                    return new Holder(new Peer { ProcessId = pid, Program = Native.Processes.NativeProcess.CommandLine(pid) });
                }
            }
        }

        return null;
    }

    /// <summary>Returns the link targets ("socket:[123]") of listening sockets in a table that overlap with
    /// <paramref name="wanted"/>.</summary>
    internal static IEnumerable<string> Listeners(string table, IPEndPoint wanted)
    {
        foreach (var line in Lines(table).Skip(1))
        {
            // sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode ...
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length > 9
                && fields[3] == ListenState
                && ReadEndPoint(fields[1]) is { } local
                && local.Port == wanted.Port
                && Overlap(local.Address, wanted.Address))
            {
                yield return $"socket:[{fields[9]}]";
            }
        }
    }

    /// <summary>Parses <c>0100007F:147A</c>: words of the address in the byte order of the machine, and the port as a number.</summary>
    internal static IPEndPoint? ReadEndPoint(string text)
    {
        var colon = text.IndexOf(':');
        if (colon is not (8 or 32)
            || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var port))
        {
            return null;
        }

        var bytes = new byte[colon / 2];
        for (var i = 0; i < bytes.Length; i += 4)
        {
            if (!uint.TryParse(text.AsSpan(i * 2, 8), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var word)
                || !BitConverter.TryWriteBytes(bytes.AsSpan(i), word))
            {
                return null;
            }
        }

        return new IPEndPoint(new IPAddress(bytes), port);
    }

    // The any-address overlaps with every other; an IPv6 socket may accept IPv4, too, written as ::ffff:a.b.c.d.
    private static bool Overlap(IPAddress held, IPAddress wanted)
    {
        held = held.IsIPv4MappedToIPv6 ? held.MapToIPv4() : held;
        wanted = wanted.IsIPv4MappedToIPv6 ? wanted.MapToIPv4() : wanted;
        return IsAny(held) || IsAny(wanted) || held.Equals(wanted);
    }

    private static bool IsAny(IPAddress address) =>
        address.Equals(address.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any);

    private static string[] Entries(string directory)
    {
        try
        {
            return Directory.GetFileSystemEntries(directory);
        }
        catch (Exception cannotLook) when (cannotLook is IOException or UnauthorizedAccessException)
        {
            // The process has ended, or belongs to another user.
            return [];
        }
    }

    private static string[] Lines(string file)
    {
        try
        {
            return File.ReadAllLines(file);
        }
        catch (Exception cannotLook) when (cannotLook is IOException or UnauthorizedAccessException)
        {
            // This machine has no IPv6, or no /proc.
            return [];
        }
    }

    private static string Target(string link)
    {
        try
        {
            return new FileInfo(link).LinkTarget ?? "";
        }
        catch (Exception cannotLook) when (cannotLook is IOException or UnauthorizedAccessException)
        {
            // Closed meanwhile.
            return "";
        }
    }
}
