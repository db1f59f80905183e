namespace Fairlead.RabbitMQ;

/// <summary>A user of the broker and the password, which no text contains.</summary>
/// <remarks>From the address, from a file, from the environment, or those of a fresh broker: the first that there is.</remarks>
internal sealed record BrokerCredentials(string User, string Password)
{
    public const string UserVariable = "FAIRLEAD_AMQP_USER";
    public const string PasswordVariable = "FAIRLEAD_AMQP_PASSWORD";

    /// <summary>Those of a certificate, which alone the broker reads.</summary>
    public static readonly BrokerCredentials OfCertificate = new("of the certificate", "");

    private const int LongestFile = 4096;

    /// <summary>Only the name: a record's text would contain the password.</summary>
    public override string ToString() => User;

    /// <param name="address">The address, whose option <c>credentials</c> may name a file.</param>
    /// <param name="userInfo">The part before '@', still escaped; may be empty.</param>
    /// <exception cref="FairleadException">The file is missing, cannot be read, is open to other users, or has another form.</exception>
    public static BrokerCredentials Of(Address address, string userInfo)
    {
        if (userInfo.Length > 0)
        {
            return Parse(userInfo, Uri.UnescapeDataString);
        }

        if (address.Option("credentials") is { } path)
        {
            return Parse(Read(address, path), static text => text);
        }

        return Environment.GetEnvironmentVariable(UserVariable) is { Length: > 0 } user
            ? new BrokerCredentials(user, Environment.GetEnvironmentVariable(PasswordVariable) ?? "")
            : new BrokerCredentials("guest", "guest");
    }

    private static BrokerCredentials Parse(string text, Func<string, string> unescape)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon < 0
            ? new BrokerCredentials(unescape(text), "")
            : new BrokerCredentials(unescape(text[..colon]), unescape(text[(colon + 1)..]));
    }

    private static string Read(Address address, string path)
    {
        try
        {
            UnixFileMode mode = File.GetUnixFileMode(path);
            if ((mode & (UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite)) != 0)
            {
                throw new FairleadException(
                    ErrorCode.PermissionDenied, $"other users may read the credentials in {path}", $"Run: chmod 600 {path}")
                {
                    Address = address,
                };
            }

            FileInfo file = new(path);
            if (file.Length is 0 or > LongestFile)
            {
                throw Malformed(address, path);
            }

            string text = File.ReadAllText(path).Trim();
            return text.Contains(':', StringComparison.Ordinal) && !text.Contains('\n', StringComparison.Ordinal)
                ? text
                : throw Malformed(address, path);
        }
        catch (Exception problem) when (problem is UnauthorizedAccessException or (IOException and not FairleadException))
        {
            throw new FairleadException(
                problem is UnauthorizedAccessException ? ErrorCode.PermissionDenied : ErrorCode.NotFound,
                $"the credentials in {path} cannot be read",
                "Write a file that contains user:password, with mode 600.",
                problem)
            {
                Address = address,
            };
        }
    }

    private static FairleadException Malformed(Address address, string path) =>
        new(ErrorCode.Corrupt, $"{path} contains no credentials", "Write one line: user:password.") { Address = address };
}
