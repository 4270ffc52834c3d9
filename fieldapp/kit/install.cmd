@echo off
rem Cai fieldapp tu thu muc nay, khong can mang, khong can quyen quan tri.
rem Install fieldapp from this folder: no network, no administrator. ASCII only: cmd.exe reads it in the machine's code page.
setlocal DisableDelayedExpansion
title fieldapp
set "HERE=%~dp0"
set "BASE=%LOCALAPPDATA%\fieldapp\python"
set "RIGHT=import sys; sys.exit(not ((3, 11) <= sys.version_info[:2] <= (3, 13) and sys.maxsize > 2**32))"
set "CODE=1"

rem 1. A Python of this machine, by the launcher that python.org installs.
for %%V in (3.13 3.12 3.11) do (
    py -%%V -I -c "%RIGHT%" >nul 2>&1
    if not errorlevel 1 (
        py -%%V -I "%HERE%install.py" %*
        goto done
    )
)

rem 2. The one that a kit installed before, or "python" by name. The stub of the Microsoft Store fails here, as it should.
for %%P in ("%BASE%\python.exe" "python.exe") do (
    "%%~P" -I -c "%RIGHT%" >nul 2>&1
    if not errorlevel 1 (
        "%%~P" -I "%HERE%install.py" %*
        goto done
    )
)

rem 3. The one that lies in the kit, if it is the one that was put there.
set "CARRIED="
for %%F in ("%HERE%python\*.zip" "%HERE%python\*.exe") do set "CARRIED=%%~fF"
if not defined CARRIED goto missing
certutil -hashfile "%CARRIED%" SHA256 | findstr /i /b /e "@PYTHON_SHA256@" >nul
if errorlevel 1 goto damaged
if not exist "%BASE%" mkdir "%BASE%"
if /i "%CARRIED:~-4%"==".zip" goto unpack
echo Dang cai Python... / Installing Python...
start "" /wait "%CARRIED%" /quiet InstallAllUsers=0 PrependPath=0 Include_launcher=0 Include_test=0 Shortcuts=0 "TargetDir=%BASE%"
goto carried
:unpack
tar -xf "%CARRIED%" -C "%BASE%"
:carried
"%BASE%\python.exe" -I -c "%RIGHT%" >nul 2>&1
if errorlevel 1 goto missing
"%BASE%\python.exe" -I "%HERE%install.py" %*
goto done

:damaged
echo Tep trong thu muc python bi hong hoac bi sua. Chua cai gi. Hay xin bo cai khac.
echo A file in the folder "python" is damaged or altered. Nothing was installed. Ask for another kit.
goto end
:missing
echo Khong tim thay Python 3.11, 3.12 hoac 3.13 (64 bit). Hay xin bo cai co kem Python.
echo Python 3.11, 3.12 or 3.13 (64-bit) was not found. Ask for a kit that carries it.
goto end
:done
set "CODE=%ERRORLEVEL%"
:end
pause
exit /b %CODE%
