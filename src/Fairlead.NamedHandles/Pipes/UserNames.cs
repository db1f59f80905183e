using System.Globalization;
using Fairlead.Native.Processes;

namespace Fairlead.NamedHandles.Pipes;

/// <summary>The names of users.</summary>
internal static class UserNames
{
    private const string Accounts = "/etc/passwd";
    private const int NumberField = 2;

    /// <summary>Returns the name of a user; its number if the machine's own list has no such user.</summary>
    public static string Of(uint user)
    {
        if (user == NativeProcess.UserId)
        {
            return Environment.UserName;
        }

        string number = user.ToString(CultureInfo.InvariantCulture);
        return File.Exists(Accounts) && File.ReadLines(Accounts).FirstOrDefault(line => IsOf(line, number)) is { } account
            ? account[..account.IndexOf(':')]
            : number;
    }

    private static bool IsOf(string line, string number) =>
        line.Split(':') is { Length: > NumberField } fields && fields[NumberField] == number;
}
