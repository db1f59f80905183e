namespace Fairlead.Rpc;

/// <summary>The names of services.</summary>
internal static class ServiceName
{
    private const int MaxLength = 64;

    /// <summary>Whether a text is an address; otherwise it is the name of a service.</summary>
    public static bool IsAddress(string text)
    {
        ArgumentException.ThrowIfNullOrEmpty(text);
        return text.Contains("://", StringComparison.Ordinal);
    }

    /// <summary>Whether a text can be the name of a service.</summary>
    public static bool IsName(string text) => text.Length is > 0 and <= MaxLength
        && text.All(static letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-');

    /// <summary>Checks the address of a matchmaker.</summary>
    /// <exception cref="ArgumentException">It is not an address.</exception>
    public static void CheckMatchmaker(string? address)
    {
        if (address is not null && !address.Contains("://", StringComparison.Ordinal))
        {
            throw new ArgumentException($"'{address}' is not the address of a matchmaker, such as tcp://10.0.0.5:5000.", nameof(address));
        }
    }

    /// <exception cref="ArgumentException">It cannot be the name of a service.</exception>
    public static string Check(string name)
    {
        if (!IsName(name))
        {
            throw new ArgumentException(
                $"'{name}' is not a name of a service; use at most {MaxLength} letters, digits, '.', '_' and '-', or write an address",
                nameof(name));
        }

        return name;
    }
}
