using System.Globalization;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Services.Tftp;

/// <summary>The folder whose files are served, with those of its subfolders.</summary>
internal sealed class TftpFolder
{
    // As many as the kernel follows.
    private const int MostLinks = 40;

    private readonly string _root;

    /// <exception cref="ToolException">NotFound: the folder does not exist. PermissionDenied: this user may not see it.</exception>
    public TftpFolder(string path)
    {
        RequireFolder(path);
        _root = RealPath(Path.GetFullPath(path)).TrimEnd('/');
    }

    /// <summary>Opens a file for reading.</summary>
    /// <returns>The file; null with an error for the client.</returns>
    public Stream? Open(string name, out TftpError error, out string why)
    {
        (error, why) = (TftpError.Access, "names are relative to the served folder, without '..'");
        if (name.StartsWith('/') || name.Split('/').Contains(".."))
        {
            return null;
        }

        var path = $"{_root}/{name}";
        try
        {
            FileInfo info = new(path);
            var target = info.ResolveLinkTarget(returnFinalTarget: true) ?? info;
            if (Directory.Exists(path))
            {
                why = "this is a folder";
                return null;
            }

            if (!target.Exists)
            {
                (error, why) = (TftpError.NotFound, "the file does not exist");
                return null;
            }

            if (!IsInside(RealPath(path)))
            {
                why = "a link leads out of the served folder";
                return null;
            }

            // A FIFO or a device has no length. Opening it could wait without end.
            if (target is FileInfo { Length: 0 })
            {
                return Stream.Null;
            }

            FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            if (IsInside(PlaceOf(file)))
            {
                return file;
            }

            // The link was changed after the look at it.
            file.Dispose();
            why = "a link leads out of the served folder";
            return null;
        }
        catch (UnauthorizedAccessException)
        {
            why = "the server may not read this file";
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            (error, why) = (TftpError.NotFound, "the file does not exist");
        }
        catch (Exception exception) when (exception is IOException or ArgumentException)
        {
            (error, why) = (TftpError.Other, "the file cannot be opened");
        }

        return null;
    }

    private static void RequireFolder(string path)
    {
        try
        {
            // Directory.Exists would answer false to every failure.
            if (File.GetAttributes(path).HasFlag(FileAttributes.Directory))
            {
                return;
            }

            throw new ToolException(
                ExitCode.NotFound,
                $"the folder {path} cannot be served: it is a file. Name the folder of the file: serve tftp DIR ADDRESS");
        }
        catch (Exception problem) when (problem is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ToolException(
                ExitCode.NotFound,
                $"the folder {path} cannot be served: it does not exist. Name an existing folder: serve tftp DIR ADDRESS");
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new ToolException(
                problem is UnauthorizedAccessException ? ExitCode.PermissionDenied : ExitCode.Failure,
                $"the folder {path} cannot be served: {VisibleText.OneLine(problem.Message)}");
        }
    }

    private bool IsInside(string path) => path.StartsWith(_root + "/", StringComparison.Ordinal);

    /// <summary>Returns the path under which the kernel has opened a file.</summary>
    private static string PlaceOf(FileStream file) =>
        new FileInfo(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{file.SafeFileHandle.DangerousGetHandle()}")).LinkTarget
        ?? file.Name;

    /// <summary>Returns a path without symbolic links in any of its parts.</summary>
    private static string RealPath(string path)
    {
        Stack<string> parts = new(path.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse());
        var real = "";
        for (var links = 0; parts.TryPop(out var part);)
        {
            if (part == ".")
            {
                continue;
            }

            if (part == "..")
            {
                real = real[..Math.Max(0, real.LastIndexOf('/'))];
                continue;
            }

            if (new FileInfo($"{real}/{part}").LinkTarget is not { } target)
            {
                real = $"{real}/{part}";
                continue;
            }

            if (++links > MostLinks)
            {
                throw new IOException($"{path} leads through too many links");
            }

            real = target.StartsWith('/') ? "" : real;
            foreach (var next in target.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse())
            {
                parts.Push(next);
            }
        }

        return real.Length == 0 ? "/" : real;
    }
}
