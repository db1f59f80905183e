using Fairlead.Native;
using Fairlead.Native.Files;

namespace Fairlead.Transports.Tls;

/// <summary>The contents of the files that an address names, or the environment. Equal contents are equal files.</summary>
/// <remarks>The environment is for deployments: a program's addresses then name hosts only.</remarks>
internal sealed record TlsFiles(string? Certificate, string? Key, string? Authority)
{
    public const string CertificateOption = "certificate";
    public const string KeyOption = "key";
    public const string AuthorityOption = "authority";
    public const string CertificateVariable = "FAIRLEAD_TLS_CERTIFICATE";
    public const string KeyVariable = "FAIRLEAD_TLS_KEY";
    public const string AuthorityVariable = "FAIRLEAD_TLS_AUTHORITY";

    private const int LongestFile = 1024 * 1024;

    // Writing by the group, and anything by others.
    private const uint OpenToOthers = 0b000_010_111;

    /// <summary>Not the key.</summary>
    public override string ToString() => nameof(TlsFiles);

    /// <exception cref="AddressFormatException">A key without a certificate.</exception>
    /// <exception cref="FairleadException">Unavailable, PermissionDenied or TooLarge, with the file's name.</exception>
    public static TlsFiles Read(Address address)
    {
        TlsFiles own = ReadOwn(address);
        string? authority = PathOf(address, AuthorityOption);
        return authority is null ? own : own with { Authority = Read(address, authority, isKey: false) };
    }

    /// <summary>Reads the certificate of this end and its key, without the authorities.</summary>
    /// <exception cref="AddressFormatException">A key without a certificate.</exception>
    /// <exception cref="FairleadException">As for <see cref="Read(Address)"/>.</exception>
    public static TlsFiles ReadOwn(Address address)
    {
        RequireCertificate(address);
        string? certificate = PathOf(address, CertificateOption);
        return new TlsFiles(
            certificate is null ? null : Read(address, certificate, isKey: false),
            certificate is null ? null : Read(address, PathOf(address, KeyOption)!, isKey: true),
            Authority: null);
    }

    /// <exception cref="AddressFormatException">A key without a certificate.</exception>
    public static void RequireCertificate(Address address)
    {
        if (address.Option(CertificateOption) is null && address.Option(KeyOption) is not null)
        {
            throw new AddressFormatException(
                address.Display, "option 'key' needs a certificate. Write certificate=PATH&key=PATH, or remove it.");
        }
    }

    /// <summary>Returns a file's path, from the address or else from the environment; null without one.</summary>
    /// <remarks>
    /// An empty option means no file, whatever the environment says. A certificate and its key come from the same place. The key may be in
    /// the certificate's file.
    /// </remarks>
    public static string? PathOf(Address address, string option)
    {
        string? path = option switch
        {
            KeyOption when address.Option(CertificateOption) is { } certificate => address.Option(KeyOption) ?? certificate,
            KeyOption => Variable(KeyVariable) ?? Variable(CertificateVariable),
            CertificateOption => address.Option(CertificateOption) ?? Variable(CertificateVariable),
            _ => address.Option(AuthorityOption) ?? Variable(AuthorityVariable),
        };
        return path is { Length: > 0 } ? path : null;
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name);

    private static string Read(Address address, string path, bool isKey)
    {
        FileStatus? status = NativeFile.Stat(path, out Errno error);
        if (status is null)
        {
            throw (error == Errno.ENOENT
                ? new FairleadException(
                    ErrorCode.Unavailable, $"{path} does not exist", "Check the path, or make certificates with fairlead certificate.")
                : ErrnoMap.Failure($"{path} cannot be read", error)).At(address);
        }

        if (status.Kind != FileKind.Regular)
        {
            throw new FairleadException(ErrorCode.Unavailable, $"{path} is not a regular file", "Name a file in PEM form.")
            {
                Address = address,
            };
        }

        if (isKey && (status.Mode & OpenToOthers) != 0)
        {
            throw new FairleadException(ErrorCode.PermissionDenied, $"other users may use the key in {path}", $"Run: chmod 600 {path}")
            {
                Address = address,
            };
        }

        if (status.Size > LongestFile)
        {
            throw new FairleadException(ErrorCode.TooLarge, $"{path} is longer than 1 MiB", "Name a file in PEM form.")
            {
                Address = address,
            };
        }

        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new FairleadException(
                problem is UnauthorizedAccessException ? ErrorCode.PermissionDenied : ErrorCode.Unavailable,
                $"{path} cannot be read",
                "Let this user read it.",
                problem)
            {
                Address = address,
            };
        }
    }
}
