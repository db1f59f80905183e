using System.Security.Cryptography;
using Fairlead.Cli.Output;
using Fairlead.Diagnostics;

namespace Fairlead.Cli.Certificates;

/// <summary>The folder of a private authority: its own files, and those of the certificates that it has signed.</summary>
/// <remarks>
/// A key is closed to other users from its creation. A file appears whole, under its name, or not at all: a server that follows its files
/// never reads half of one.
/// </remarks>
internal sealed class CertificateFolder(string path)
{
    public const string AuthorityName = "authority";

    private const int LongestFile = 1024 * 1024;
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Public = Private | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    public string CertificateOf(string name) => Path.Combine(path, name + ".pem");

    public string KeyOf(string name) => Path.Combine(path, name + ".key");

    /// <summary>Writes a certificate and its key.</summary>
    /// <param name="name">The name of both files, without extension.</param>
    /// <param name="issued">The certificate.</param>
    /// <param name="replaces">Whether to replace files that exist.</param>
    /// <exception cref="ToolException">The files exist, or cannot be written.</exception>
    /// <exception cref="FairleadException">Other users may replace files in the directory.</exception>
    public void Write(string name, IssuedCertificate issued, bool replaces)
    {
        string certificate = CertificateOf(name);
        string key = KeyOf(name);
        foreach (string file in new[] { certificate, key })
        {
            if (!replaces && Path.Exists(file))
            {
                throw new ToolException(ExitCode.AlreadyExists, $"{file} exists; --force replaces it");
            }
        }

        FairleadDirectory.MakePrivate(path);
        string unfinished = $".{Environment.ProcessId}.unfinished";
        try
        {
            WriteNew(key + unfinished, issued.Key, Private);
            WriteNew(certificate + unfinished, issued.Certificate + "\n", Public);

            // The key first: a server that reads in between keeps its earlier certificate, because the new key does not belong to it.
            File.Move(key + unfinished, key, replaces);
            File.Move(certificate + unfinished, certificate, replaces);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw Failure(path, problem);
        }
        finally
        {
            RemoveUnfinished(key + unfinished);
            RemoveUnfinished(certificate + unfinished);
        }
    }

    /// <summary>Opens the folder's authority.</summary>
    /// <exception cref="ToolException">There is none, or its files cannot be used.</exception>
    public PrivateAuthority OpenAuthority(TimeProvider time)
    {
        string certificate = CertificateOf(AuthorityName);
        if (!Exists(certificate))
        {
            throw new ToolException(ExitCode.NotFound, $"{certificate} does not exist: make it with fairlead certificate authority {path}");
        }

        try
        {
            PrivateAuthority authority = PrivateAuthority.Of(Read(certificate), Read(KeyOf(AuthorityName)), time);
            if (authority.ExpiresAt > time.GetUtcNow())
            {
                return authority;
            }

            authority.Dispose();
            throw new ToolException(ExitCode.Failure, $"{certificate} has expired: make another authority, in another directory");
        }
        catch (CryptographicException problem)
        {
            throw new ToolException(
                ExitCode.Failure, $"{certificate} and {KeyOf(AuthorityName)} are not an authority: {VisibleText.OneLine(problem.Message)}");
        }
    }

    /// <summary>Reads a file of certificates or a key.</summary>
    /// <exception cref="ToolException">It is missing, not a regular file, too long, or closed to this user.</exception>
    public static string Read(string file)
    {
        try
        {
            // Opening a FIFO would wait for a writer: FIFOs, sockets and devices have no length.
            FileInfo info = new(file);
            info = info.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? info;
            if (!info.Exists)
            {
                throw Exists(file)
                    ? new ToolException(ExitCode.Failure, $"{file} is a directory: name a file in PEM form")
                    : new FileNotFoundException(null, file);
            }

            if (info.Length is 0 or > LongestFile)
            {
                throw new ToolException(
                    ExitCode.Failure, $"{file} is empty, no regular file, or longer than 1 MiB: name a file in PEM form");
            }

            return File.ReadAllText(file);
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ToolException(ExitCode.NotFound, $"{file} does not exist");
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw Failure(file, problem);
        }
    }

    private static void WriteNew(string file, string text, UnixFileMode mode)
    {
        using FileStream stream = new(file, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = mode,
        });
        stream.Write(System.Text.Encoding.ASCII.GetBytes(text));
        stream.Flush(flushToDisk: true);
    }

    private static void RemoveUnfinished(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // It was never made, or the disk is gone with it.
        }
    }

    // File.Exists would answer false to every failure.
    private static bool Exists(string file)
    {
        try
        {
            _ = File.GetAttributes(file);
            return true;
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw Failure(file, problem);
        }
    }

    private static ToolException Failure(string file, Exception problem) =>
        new(
            problem is UnauthorizedAccessException ? ExitCode.PermissionDenied : ExitCode.Failure,
            $"{file}: {VisibleText.OneLine(problem.Message)}");
}
